#include "services/process/paths.hpp"

#include <cstdlib>
#include <filesystem>
#include <system_error>
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

std::string absolute_socket_path(const std::string& path) {
  std::error_code error;
  auto result =
      std::filesystem::absolute(path, error).lexically_normal().string();
  return path.empty() || error || result.size() > socket_path_max_bytes
             ? path
             : result;
}

} // namespace clearance::services
