#include "actors/io/process/find_program.hpp"

#include <cstdlib>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace clearance::io {

namespace {

bool is_executable(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode)
         && ::access(path.c_str(), X_OK) == 0;
}

// Empty if /proc is missing.
std::string own_directory() {
  std::string path(4096, '\0');
  auto n = ::readlink("/proc/self/exe", path.data(), path.size());
  path.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string{} : path.substr(0, slash);
}

} // namespace

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos)
    return is_executable(name) ? name : std::string{};
  if (auto beside = own_directory() + "/" + name; is_executable(beside))
    return beside;
  auto list = std::getenv("PATH"); // NOLINT(concurrency-mt-unsafe)
  std::string_view rest = list != nullptr ? list : "";
  while (!rest.empty()) {
    auto colon = rest.find(':');
    auto entry = rest.substr(0, colon);
    rest.remove_prefix(colon == rest.npos ? rest.size() : colon + 1);
    // Skips empty and relative entries: they would run a program that somebody
    // put into the working directory.
    if (entry.empty() || entry.front() != '/')
      continue;
    if (auto path = std::string{entry} + "/" + name; is_executable(path))
      return path;
  }
  return {};
}

} // namespace clearance::io
