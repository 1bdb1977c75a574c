#include "services/process/paths.hpp"

#include <cstdlib>
#include <unistd.h>

namespace clearance::services {

namespace {

std::string below(std::string_view directory, std::string_view name) {
  std::string result(directory);
  if (!result.ends_with('/'))
    result += '/';
  result += name;
  return result;
}

} // namespace

std::string runtime_directory(const char* xdg, uid_t uid) {
  if (xdg != nullptr && *xdg == '/')
    return xdg;
  return "/run/user/" + std::to_string(uid);
}

std::string runtime_directory() {
  // Read once, before any thread is started.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  return runtime_directory(std::getenv("XDG_RUNTIME_DIR"), getuid());
}

std::string default_clearance_socket(std::string_view runtime) {
  return below(runtime, "terok-clearance.sock");
}

std::string default_reader_socket(std::string_view runtime) {
  return below(runtime, "terok-shield-events.sock");
}

std::string default_verdict_socket(std::string_view runtime) {
  return below(runtime, "terok-clearance-verdict.sock");
}

std::string containers_directory(std::string_view runtime) {
  return below(runtime, "terok/clearance");
}

} // namespace clearance::services
