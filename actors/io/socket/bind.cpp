// Two servers that start at once must not both succeed, and none may take the
// path of a server that runs. Two means decide: the lock <path>.lock, which our
// own programs hold while the socket is bound, and a trial connection, which
// finds servers that know no lock. The order matters: nothing at the path is
// changed before the lock is held.
//
// The lock file is removed at the end. So the file that was opened may be
// removed by the time it is locked; then it is opened again.

#include "actors/io/socket/bind.hpp"

#include "actors/base/log.hpp"
#include "actors/io/socket/private_directory.hpp"
#include "actors/io/socket/unix_address.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"

#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace clearance::io {

namespace {

// Thrown and caught in this file alone.
struct refused : std::runtime_error {
  using runtime_error::runtime_error;
};

[[noreturn]] void fail(const std::string& action) {
  throw refused{action + ": " + protocol::error_text(errno)};
}

unix_address address_of(const std::string& path) {
  if (path.empty())
    throw refused{"the path is empty"};
  if (path.size() > socket_path_max_bytes)
    throw refused{"the path is " + std::to_string(path.size())
                  + " bytes long, a socket's may have "
                  + std::to_string(socket_path_max_bytes)};
  auto result = unix_address::of_path(path);
  if (!result)
    throw refused{"the path has a NUL in it"};
  return *result;
}

void check_parent(const std::string& path) {
  auto why = make_private_directory(socket_directory(path));
  if (!why.empty())
    throw refused{why};
}

bool is_at(const unique_fd& fd, const std::string& path) {
  struct stat mine;
  struct stat there;
  return ::fstat(fd.get(), &mine) == 0 && ::lstat(path.c_str(), &there) == 0
         && mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

// Our programs leave a lock file empty. A file of somebody else is not locked,
// for it would be removed at the end.
void check_lock_file(const unique_fd& fd, const std::string& path) {
  struct stat info;
  if (::fstat(fd.get(), &info) != 0)
    fail("cannot read the file attributes of the lock "
         + protocol::escaped(path));
  if (!S_ISREG(info.st_mode) || info.st_size != 0)
    throw refused{"the file " + protocol::escaped(path)
                  + " is in the place of the lock and is no lock file, which "
                    "would be empty: move it away"};
}

unique_fd take_lock(const std::string& path) {
  for (;;) {
    unique_fd fd{::open(path.c_str(),
                        O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                        0600)};
    if (!fd)
      fail("cannot open the lock " + protocol::escaped(path));
    check_lock_file(fd, path);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK)
        throw refused{"another server is running there"};
      fail("cannot lock " + protocol::escaped(path));
    }
    if (is_at(fd, path)) {
      ::fchmod(fd.get(), 0600); // the umask may have removed our own bits
      return fd;
    }
  }
}

unique_fd make_socket() {
  unique_fd result{
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!result)
    fail("cannot make a socket");
  return result;
}

void remove_stale(const std::string& path, const unix_address& address) {
  struct stat info;
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT)
      return;
    fail("cannot read its file attributes");
  }
  if (!S_ISSOCK(info.st_mode))
    throw refused{"there is something that is not a socket"};
  auto probe = make_socket();
  if (::connect(probe.get(), address.data(), address.size()) == 0
      || errno == EAGAIN || errno == EINPROGRESS)
    throw refused{"another server answers there"};
  if (errno != ECONNREFUSED)
    fail("cannot find out whether a server answers there");
  if (::unlink(path.c_str()) != 0)
    fail("cannot remove the stale socket");
}

/// Functions of libselinux that set labels for this thread. Source:
/// setfscreatecon(3), setsockcreatecon(3).
struct selinux_library {
  using setter = int (*)(const char*);

  setter of_files = nullptr;
  setter of_sockets = nullptr;

  explicit operator bool() const noexcept {
    return of_files != nullptr && of_sockets != nullptr;
  }
};

selinux_library load() {
  selinux_library result;
  void* library = ::dlopen("libselinux.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return result;
  result.of_files = reinterpret_cast<selinux_library::setter>(
      ::dlsym(library, "setfscreatecon_raw"));
  result.of_sockets = reinterpret_cast<selinux_library::setter>(
      ::dlsym(library, "setsockcreatecon_raw"));
  return result;
}

// Loaded once, when it is needed.
const selinux_library& library() {
  static const auto result = load();
  return result;
}

/// While this object lives, the sockets that this thread makes, and their
/// files, get the label `system_u:object_r:TYPE:s0`. Nothing happens if `type`
/// is empty or has_selinux() is false; libselinux is loaded only then. If the
/// label cannot be set, a warning says why, and the sockets get the label that
/// the policy gives them.
class socket_label {
public:
  explicit socket_label(const std::string& type);
  ~socket_label();
  socket_label(const socket_label&) = delete;
  socket_label& operator=(const socket_label&) = delete;

private:
  bool set_ = false; ///< a label may be set: the destructor removes it
};

socket_label::socket_label(const std::string& type) {
  if (type.empty() || !has_selinux())
    return;
  const auto label = "system_u:object_r:" + type + ":s0";
  std::string why;
  if (!library())
    why = "libselinux is not installed";
  else if (library().of_sockets(label.c_str()) != 0
           || library().of_files(label.c_str()) != 0)
    why = protocol::error_text(errno);
  set_ = static_cast<bool>(library());
  if (!why.empty())
    log(actors::severity::warning, "listener",
        "a socket does not get its SELinux label: its container may be unable "
        "to connect",
        {{"label", protocol::escaped(label)}, {"why", why}});
}

socket_label::~socket_label() {
  if (!set_)
    return;
  library().of_files(nullptr);
  library().of_sockets(nullptr);
}

} // namespace

bool has_selinux() noexcept {
  return ::access("/sys/fs/selinux/enforce", F_OK) == 0;
}

bound_socket::bound_socket(unique_fd socket, std::string path) noexcept
    : path_(std::move(path)), socket_(std::move(socket)) {
  struct stat info;
  if (::lstat(path_.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) {
    device_ = info.st_dev;
    inode_ = info.st_ino;
  }
}

bool bound_socket::is_in_place() const noexcept {
  struct stat info;
  return inode_ != 0 && ::lstat(path_.c_str(), &info) == 0
         && info.st_ino == inode_ && info.st_dev == device_;
}

bound_socket::bound_socket(bound_socket&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      lock_path_(std::exchange(other.lock_path_, {})),
      selinux_type_(std::exchange(other.selinux_type_, {})),
      socket_(std::move(other.socket_)),
      lock_(std::move(other.lock_)),
      device_(other.device_),
      inode_(other.inode_) {
  // nop
}

bound_socket& bound_socket::operator=(bound_socket&& other) noexcept {
  if (this != &other) {
    remove();
    path_ = std::exchange(other.path_, {});
    lock_path_ = std::exchange(other.lock_path_, {});
    selinux_type_ = std::exchange(other.selinux_type_, {});
    socket_ = std::move(other.socket_);
    lock_ = std::move(other.lock_);
    device_ = other.device_;
    inode_ = other.inode_;
  }
  return *this;
}

bound_socket::~bound_socket() {
  remove();
}

// The lock is removed last: the next holder of the lock finds the path free.
void bound_socket::remove() noexcept {
  if (is_ours() && is_in_place())
    ::unlink(path_.c_str());
  if (lock_ && is_at(lock_, lock_path_))
    ::unlink(lock_path_.c_str());
  inode_ = 0;
  socket_.reset();
  lock_.reset();
}

// Call it only while the lock is held.
void bound_socket::bind_path() {
  const auto address = address_of(path_);
  remove_stale(path_, address);
  const socket_label label{selinux_type_};
  auto fresh = make_socket();
  // The mode is set on the socket before bind. The umask belongs to the whole
  // process, and a chmod of the path comes too late.
  if (::fchmod(fresh.get(), 0600) != 0)
    fail("cannot set its mode");
  if (::bind(fresh.get(), address.data(), address.size()) != 0)
    fail("bind");
  struct stat info;
  if (::lstat(path_.c_str(), &info) != 0)
    fail("it vanished");
  if (!S_ISSOCK(info.st_mode))
    throw refused{"it was replaced by something that is not a socket"};
  // The umask may have removed bits for ourselves.
  if ((info.st_mode & 0777) != 0600 && ::chmod(path_.c_str(), 0600) != 0)
    fail("cannot set its mode");
  device_ = info.st_dev;
  inode_ = info.st_ino;
  if (::listen(fresh.get(), protocol::limits::listen_backlog) != 0)
    fail("listen");
  socket_ = std::move(fresh);
}

std::string bound_socket::bind_again() try {
  check_parent(path_);
  if (!is_at(lock_, lock_path_))
    lock_ = take_lock(lock_path_);
  bind_path();
  return {};
} catch (const refused& why) {
  return why.what();
}

std::variant<bound_socket, std::string>
bind_hardened(const std::string& path, const std::string& role,
              const bind_details& details) try {
  bound_socket result;
  (void)address_of(path); // refuses a path that is too long
  check_parent(path);
  result.path_ = path;
  result.lock_path_ = details.lock.empty() ? path + ".lock" : details.lock;
  result.selinux_type_ = details.selinux_type;
  result.lock_ = take_lock(result.lock_path_);
  result.bind_path();
  return result;
} catch (const refused& why) {
  return bind_fault(path, role, why.what());
}

std::string bind_fault(const std::string& path, const std::string& role,
                       const std::string& why) {
  return "cannot bind the " + role + " " + protocol::escaped(path) + ": " + why;
}

std::string socket_directory(const std::string& path) {
  auto parent = std::filesystem::path{path}.parent_path().string();
  return parent.empty() ? "." : parent;
}

} // namespace clearance::io
