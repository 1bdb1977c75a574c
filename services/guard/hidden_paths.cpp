#include "services/guard/hidden_paths.hpp"

#include "actors/io/base/small_file.hpp"
#include "actors/io/socket/unix_address.hpp"
#include "protocol/text/text.hpp"
#include "services/client/unix_socket.hpp"
#include "services/process/paths.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <string_view>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <variant>

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
  return {"/run/user", "/run/dbus", "/run/systemd/resolve", "/run/nscd",
          "/run/avahi-daemon", "/run/podman", "/run/docker", "/run/containerd",
          "/run/crio", "/run/libvirt", "/run/screen",
          // A delegated control group can be used to freeze and kill the guard.
          "/sys/fs/cgroup", "/tmp/.X11-unix", "/tmp/.ICE-unix",
          "/tmp/tmux-" + std::to_string(uid)};
}

bool cover_directory(const std::string& path, const char* options) {
  return ::mount("tmpfs", path.c_str(), "tmpfs",
                 MS_NOSUID | MS_NODEV | MS_NOEXEC, options)
         == 0;
}

// Shared memory and message queues that have names. Those of System V are the
// IPC namespace's, and so are queues in a file system that is mounted anew.
std::string cover_shared_memory() {
  if (is_directory("/dev/shm")
      && ::mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV,
                 "mode=1777")
             != 0)
    return mount_fault("/dev/shm");
  if (is_directory("/dev/mqueue")
      && ::mount("mqueue", "/dev/mqueue", "mqueue",
                 MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr)
             != 0)
    return mount_fault("/dev/mqueue");
  return {};
}

// COMMAND gets an empty directory of its own there.
std::string cover_runtime_directory(const std::string& path) {
  // It may lie below a directory that is hidden already.
  std::error_code error;
  if (!is_directory(path) && !std::filesystem::create_directories(path, error))
    return {};
  return cover_directory(path, "size=16m,mode=0700") ? "" : mount_fault(path);
}

// Whether the process that made this socket has closed it: nobody can be
// reached by the file any more, and no other socket gets this file. Programs
// leave such files in /tmp, and to cover one takes longer than to ask. The
// kernel refuses a datagram socket at one for streams (EPROTOTYPE), and whoever
// has one for datagrams notices nothing.
bool is_closed_socket(const std::string& path) {
  const auto at = io::unix_address::of_path(path);
  const io::unique_fd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  return at && fd && ::connect(fd.get(), at->data(), at->size()) != 0
         && errno == ECONNREFUSED;
}

// A socket file that is covered by a device refuses all connections.
std::string cover_socket(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode))
    return {}; // hidden, gone, or in another process's root directory
  if (is_closed_socket(path))
    return {};
  return ::mount("/dev/null", path.c_str(), nullptr, MS_BIND, nullptr) == 0
                 || errno == ENOENT
             ? ""
             : mount_fault(path);
}

// A hub serves only in a directory that is closed to others. It may start
// later, so the directory is hidden and not the socket; but not the home
// directory.
std::string cover_hub_directory(const std::string& socket, uid_t uid) {
  const auto path = socket.substr(0, socket.rfind('/') + 1);
  if (!path.empty() && (home_directory() + '/').starts_with(path))
    return cover_socket(socket);
  struct stat info {};
  if (path.empty() || ::stat(path.c_str(), &info) != 0 || info.st_uid != uid
      || (info.st_mode & 077) != 0)
    return {};
  return cover_directory(path, "size=1m,mode=0700") ? "" : mount_fault(path);
}

constexpr std::size_t settings_max_bytes = 64 * 1024;

// The resolver's settings in the container. Of the machine's, in `path`, the
// domains stay in which short names are searched.
std::string own_settings(const std::string& path) {
  std::string result = "nameserver 127.0.0.1\noptions edns0\n";
  auto file = io::open_regular(AT_FDCWD, path);
  auto* opened = std::get_if<io::regular_file>(&file);
  if (opened == nullptr)
    return result;
  const auto text = io::read_up_to(opened->fd.get(), settings_max_bytes);
  const auto* lines = std::get_if<std::string>(&text);
  for (std::string_view rest = lines == nullptr ? "" : *lines; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.starts_with("search ") || line.starts_with("search\t")
        || line.starts_with("domain ") || line.starts_with("domain\t"))
      result += std::string{line} + '\n';
  }
  return result;
}

bool write_settings(const std::string& path, const std::string& text) {
  const io::unique_fd fd{
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
             0644)};
  return fd
         && ::write(fd.get(), text.data(), text.size())
                == static_cast<ssize_t>(text.size());
}

// Covers the resolver's settings, `path`. The file that covers them lies in a
// file system of its own, which stays after it is unmounted; /proc is a
// directory that is always there, and gets another one later. Without settings
// the C library asks 127.0.0.1 anyway.
std::string use_own_resolver(const std::string& path,
                             const std::string& settings) {
  if (path.empty())
    return {};
  if (!cover_directory("/proc", "size=64k,mode=0755")
      || !write_settings("/proc/resolv.conf", settings)
      || ::mount("/proc/resolv.conf", path.c_str(), nullptr, MS_BIND, nullptr)
             != 0
      || ::umount2("/proc", MNT_DETACH) != 0)
    return mount_fault(path);
  return {};
}

// The settings were below a directory that is hidden now.
std::string restore_settings(const std::string& path,
                             const std::string& settings) {
  std::error_code error;
  if (path.empty() || std::filesystem::exists(path, error))
    return {};
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(),
                                      error);
  return write_settings(path, settings) ? "" : mount_fault(path);
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

std::string home_directory() {
  // Before any thread is started.
  const char* home = std::getenv("HOME"); // NOLINT(concurrency-mt-unsafe)
  return home == nullptr ? std::string{} : home;
}

std::string hide_directories(const std::string& hub, uid_t uid,
                             bool own_resolver) {
  if (auto why = open_directory_fault(); !why.empty())
    return why;
  const std::unique_ptr<char, decltype(&std::free)> directory{
      ::getcwd(nullptr, 0), &std::free};
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return "mounts cannot be made private: " + error_text(errno);
  // Before the directory that it may lead to is hidden.
  std::error_code no_settings;
  const auto resolver =
      std::filesystem::canonical("/etc/resolv.conf", no_settings).string();
  const auto settings = own_resolver ? own_settings(resolver) : std::string{};
  if (own_resolver)
    if (auto why = use_own_resolver(resolver, settings); !why.empty())
      return why;
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              nullptr)
      != 0)
    return "the container's own /proc cannot be mounted: " + error_text(errno)
           + "; an engine that hides a part of /proc forbids it";
  for (const auto& path : hidden_directories(uid))
    if (is_directory(path) && !cover_directory(path, "size=1m,mode=0755"))
      return mount_fault(path);
  if (auto why = cover_shared_memory(); !why.empty())
    return why;
  if (auto why = cover_runtime_directory(runtime_directory()); !why.empty())
    return why;
  if (auto why = cover_hub_directory(hub, uid); !why.empty())
    return why;
  if (own_resolver)
    if (auto why = restore_settings(resolver, settings); !why.empty())
      return why;
  // The working directory may be one that is hidden now: this process is still
  // below the mount, and would start COMMAND there.
  if (directory == nullptr || ::chdir(directory.get()) != 0)
    return ::chdir("/") == 0 ? "" : "no working directory";
  return {};
}

std::string hide_sockets(const std::vector<std::string>& paths) {
  for (const auto& path : paths)
    if (auto why = cover_socket(path); !why.empty())
      return why;
  return {};
}

} // namespace clearance::services
