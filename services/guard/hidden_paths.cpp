#include "services/guard/hidden_paths.hpp"

#include "protocol/text/text.hpp"
#include "services/client/unix_socket.hpp"
#include "services/process/paths.hpp"

#include <climits>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace clearance::services {

namespace {

std::string mount_fault(const std::string& path) {
  return protocol::escaped(path) + " cannot be hidden: " + error_text(errno);
}

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// Directories whose sockets do things for whoever may connect, also those that
// are made later. /run/user has the buses of all users.
std::vector<std::string> hidden_directories(uid_t uid) {
  return {"/run/user",
          "/run/dbus",
          "/run/systemd/resolve",
          "/run/nscd",
          "/run/avahi-daemon",
          "/run/podman",
          "/run/docker",
          "/run/containerd",
          "/run/crio",
          "/run/libvirt",
          "/run/screen",
          "/tmp/.X11-unix",
          "/tmp/.ICE-unix",
          "/tmp/tmux-" + std::to_string(uid)};
}

bool cover_directory(const std::string& path, const char* options) {
  return ::mount("tmpfs", path.c_str(), "tmpfs",
                 MS_NOSUID | MS_NODEV | MS_NOEXEC, options)
         == 0;
}

// COMMAND gets an empty directory of its own there.
std::string cover_runtime_directory(const std::string& path) {
  // It may lie below a directory that is hidden already.
  std::error_code error;
  if (!is_directory(path) && !std::filesystem::create_directories(path, error))
    return {};
  return cover_directory(path, "size=16m,mode=0700") ? "" : mount_fault(path);
}

// A hub serves only in a directory that is closed to others. It may start
// later, so the directory is hidden and not the socket.
std::string cover_hub_directory(const std::string& socket, uid_t uid) {
  const auto path = socket.substr(0, socket.rfind('/') + 1);
  struct stat info {};
  if (path.empty() || ::stat(path.c_str(), &info) != 0 || info.st_uid != uid
      || (info.st_mode & 077) != 0)
    return {};
  return cover_directory(path, "size=1m,mode=0700") ? "" : mount_fault(path);
}

// A socket file that is covered by a device refuses all connections.
std::string cover_socket(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode))
    return {}; // hidden, gone, or in another process's root directory
  return ::mount("/dev/null", path.c_str(), nullptr, MS_BIND, nullptr) == 0
             ? ""
             : mount_fault(path);
}

// A directory that a descriptor leads to is not hidden by any mount.
std::string open_directory_fault() {
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) {
    struct stat info {};
    if (::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode))
      return "descriptor " + std::to_string(fd)
             + " is a directory: COMMAND could reach hidden files through it";
  }
  return {};
}

} // namespace

std::string hide_paths(const std::string& hub,
                       const std::vector<std::string>& sockets, uid_t uid) {
  if (auto why = open_directory_fault(); !why.empty())
    return why;
  const std::unique_ptr<char, decltype(&std::free)> directory{
      ::getcwd(nullptr, 0), &std::free};
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return "mounts cannot be made private: " + error_text(errno);
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              nullptr)
      != 0)
    return "the container's own /proc cannot be mounted: " + error_text(errno)
           + "; an engine that hides a part of /proc forbids it";
  for (const auto& path : hidden_directories(uid))
    if (is_directory(path) && !cover_directory(path, "size=1m,mode=0755"))
      return mount_fault(path);
  if (auto why = cover_runtime_directory(runtime_directory()); !why.empty())
    return why;
  if (auto why = cover_hub_directory(hub, uid); !why.empty())
    return why;
  for (const auto& path : sockets)
    if (auto why = cover_socket(path); !why.empty())
      return why;
  // The working directory may be one that is hidden now: this process is still
  // below the mount, and would start COMMAND there.
  if (directory == nullptr || ::chdir(directory.get()) != 0)
    return ::chdir("/") == 0 ? "" : "no working directory";
  return {};
}

} // namespace clearance::services
