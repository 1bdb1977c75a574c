// The build found no libsystemd, or was told to do without it.

#include "services/process/systemd.hpp"

#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace clearance::services::systemd {

namespace {

/// The variable, which is removed; empty: there was none.
std::string take(const char* name) {
  const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
  std::string result = value != nullptr ? value : "";
  ::unsetenv(name); // NOLINT(concurrency-mt-unsafe)
  return result;
}

} // namespace

// Whoever listens for us must not wait in vain.
std::variant<std::vector<passed_socket>, std::string> take_passed_sockets() {
  const auto count = take("LISTEN_FDS");
  const auto pid = take("LISTEN_PID");
  take("LISTEN_FDNAMES");
  if (!count.empty() && pid == std::to_string(::getpid()))
    return "this program was built without libsystemd";
  return std::vector<passed_socket>{};
}

std::optional<std::chrono::microseconds> take_watchdog_interval() {
  take("WATCHDOG_USEC");
  take("WATCHDOG_PID");
  return std::nullopt;
}

bool has_journal() {
  return false;
}

bool write_to_journal(const std::vector<std::string>&) {
  return false;
}

} // namespace clearance::services::systemd
