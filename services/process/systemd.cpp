#include "services/process/systemd.hpp"

#include "protocol/text/error_text.hpp"

// Where a line of the log comes from says its component.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <sys/uio.h>
#include <unistd.h>

namespace clearance::services::systemd {

namespace {

struct names_deleter {
  void operator()(char** names) const noexcept {
    for (auto name = names; *name != nullptr; ++name)
      std::free(*name);
    std::free(static_cast<void*>(names));
  }
};

constexpr int remove_from_environment = 1;

} // namespace

std::variant<std::vector<passed_socket>, std::string> take_passed_sockets() {
  char** raw = nullptr;
  const int count = ::sd_listen_fds_with_names(remove_from_environment, &raw);
  if (count < 0)
    return "LISTEN_FDS or LISTEN_FDNAMES make no sense: "
           + protocol::error_text(-count);
  std::vector<passed_socket> result;
  if (count == 0)
    return result;
  std::unique_ptr<char*, names_deleter> names{raw};
  for (int i = 0; i < count; ++i)
    result.push_back({names.get()[i], SD_LISTEN_FDS_START + i});
  return result;
}

std::optional<std::chrono::microseconds> take_watchdog_interval() {
  std::uint64_t usec = 0;
  if (::sd_watchdog_enabled(remove_from_environment, &usec) <= 0)
    return std::nullopt;
  return std::chrono::microseconds{usec};
}

// In a sandbox its socket may be out of sight; sd_journal_sendv() says
// that all is well then, and the entry is lost.
bool has_journal() {
  return ::access("/run/systemd/journal/socket", W_OK) == 0;
}

bool write_to_journal(const std::vector<std::string>& fields) {
  std::vector<iovec> pieces;
  pieces.reserve(fields.size());
  for (const auto& x : fields)
    pieces.push_back({const_cast<char*>(x.data()), x.size()}); // only read
  return ::sd_journal_sendv(pieces.data(), static_cast<int>(pieces.size()))
         == 0;
}

} // namespace clearance::services::systemd
