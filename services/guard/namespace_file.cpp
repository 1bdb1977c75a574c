#include "services/guard/namespace_file.hpp"

#include "protocol/text/text.hpp"
#include "services/client/unix_socket.hpp"

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <system_error>

namespace clearance::services {

namespace {

constexpr long namespace_magic = 0x6e736673; // NSFS_MAGIC of linux/magic.h

// 0: the name of a directory of /proc that is no process.
pid_t number_in(const std::string& name) {
  pid_t result = 0;
  const auto* end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data(), end, result);
  return error == std::errc{} && at == end ? result : 0;
}

} // namespace

std::variant<pid_t, std::string> find_process_in(const std::string& path) {
  const auto shown = protocol::escaped(path);
  struct stat wanted {};
  struct statfs system {};
  if (::stat(path.c_str(), &wanted) != 0
      || ::statfs(path.c_str(), &system) != 0)
    return shown + ": " + error_text(errno);
  if (system.f_type != namespace_magic)
    return shown + " is the file of no namespace";
  pid_t first = 0;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc", error)) {
    const auto pid = number_in(entry.path().filename().string());
    struct stat info {};
    if (pid != 0 && (first == 0 || pid < first)
        && ::stat((entry.path() / "ns/net").c_str(), &info) == 0
        && info.st_dev == wanted.st_dev && info.st_ino == wanted.st_ino)
      first = pid;
  }
  if (first == 0)
    return "no process that you can look at is in the namespace " + shown
           + ": a container is guarded once its first process runs";
  return first;
}

} // namespace clearance::services
