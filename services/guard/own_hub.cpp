#include "services/guard/own_hub.hpp"

#include "actors/io/process/find_program.hpp"
#include "actors/io/socket/unix_address.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/text/text.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/say.hpp"
#include "services/process/setup_fault.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace clearance::services {

namespace {

// A socket without a file, with a name of the kernel's choice. Nothing: errno
// says why.
struct notify_socket {
  io::unique_fd fd;
  std::string name; // as in NOTIFY_SOCKET
};

std::optional<notify_socket> make_notify_socket() {
  notify_socket x;
  x.fd.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un own{};
  own.sun_family = AF_UNIX;
  socklen_t size = sizeof own;
  if (!x.fd
      || ::bind(x.fd.get(), reinterpret_cast<const sockaddr*>(&own),
                sizeof own.sun_family)
             != 0
      || ::getsockname(x.fd.get(), reinterpret_cast<sockaddr*>(&own), &size)
             != 0)
    return std::nullopt;
  x.name = io::unix_name_of(own, size);
  return x;
}

// Whether the hub says READY=1 before it ends. Source: sd_notify(3).
bool await_ready(const notify_socket& from, const helper_program& hub) {
  const auto end =
      std::chrono::steady_clock::now() + protocol::guard_limits::hub_start;
  for (;;) {
    std::array<char, 1024> bytes{};
    const auto n = ::recv(from.fd.get(), bytes.data(), bytes.size(), 0);
    if (n > 0
        && std::string_view(bytes.data(), static_cast<std::size_t>(n))
               .starts_with("READY=1"))
      return true;
    if (n > 0)
      continue;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return false;
    std::array<pollfd, 2> entries{
        {{from.fd.get(), POLLIN, 0}, {hub.pidfd(), POLLIN, 0}}};
    if (::poll(entries.data(), entries.size(), static_cast<int>(left.count()))
        <= 0)
      continue;
    if (entries[0].revents == 0)
      return false;
  }
}

std::string own_program() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

helper_program no_hub(const std::string& why) {
  say("no hub runs, and none was started: " + why
      + "; nobody is told of blocks");
  return {};
}

} // namespace

bool hub_runs(const std::string& reader_socket) {
  return std::holds_alternative<descriptor>(
      connect_unix(reader_socket, connect_time_limit));
}

helper_program start_own_hub(const std::string& directory) try {
  const auto program = io::find_program("terok-clearance");
  if (program.empty())
    return no_hub("terok-clearance is not installed");
  const auto log = directory + "/hub.log";
  const io::unique_fd err{
      ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
             0600)};
  const auto notify = make_notify_socket();
  if (!err || !notify)
    return no_hub(error_text(errno));
  helper_spec spec;
  spec.words = {program,    "serve",       "--inline-verdict",
                "--shield", own_program(), "--log-level",
                "info"};
  spec.environment = {{"NOTIFY_SOCKET", notify->name}};
  spec.err = err.get();
  helper_program hub(spec);
  if (!await_ready(*notify, hub))
    return no_hub(protocol::escaped(log) + " says why it ended");
  say("no hub runs, so one was started for this run (its log is "
      + protocol::escaped(log)
      + "). To see blocks and how to answer them, type in another terminal:"
        " terok-clearance watch");
  return hub;
} catch (const setup_fault& e) {
  return no_hub(e.what());
}

} // namespace clearance::services
