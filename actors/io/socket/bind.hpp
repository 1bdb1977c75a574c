/// Binds a unix socket so that no other user can connect.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <string>
#include <sys/types.h>
#include <utility>
#include <variant>

namespace clearance::io {

/// Whether the kernel has an SELinux policy.
bool has_selinux() noexcept;

struct bind_details {
  std::string lock = {}; ///< path of the lock; empty: `<path>.lock`
  /// The type in the SELinux label of a socket that is mounted into a
  /// container; empty: no label. Source: supervisor.md, section 2.
  std::string selinux_type = {};
};

/// A listening socket and its lock. The destructor removes both paths, if they
/// are still the files that were made here.
class bound_socket {
public:
  bound_socket() noexcept = default;

  /// Takes over a socket that another program has bound. There is no lock, and
  /// `path` is not removed.
  bound_socket(unique_fd socket, std::string path) noexcept;

  bound_socket(bound_socket&& other) noexcept;
  bound_socket& operator=(bound_socket&& other) noexcept;
  ~bound_socket();

  int fd() const noexcept { return socket_.get(); }

  /// Gives the descriptor to the caller. The paths are still removed by this
  /// object.
  unique_fd take_fd() noexcept { return std::move(socket_); }

  const std::string& path() const noexcept { return path_; }

  /// False: another program has bound the socket.
  bool is_ours() const noexcept { return !lock_path_.empty(); }

  /// Whether the file that was bound is at the path.
  bool is_in_place() const noexcept;

  /// Binds a new socket to the path, as bind_hardened() does, under the lock
  /// that this object holds, or under a new one if the lock's file is gone.
  /// Then take_fd() gives the new socket. Only if is_ours(). Returns an empty
  /// text, or why it failed; then nothing has changed.
  std::string bind_again();

private:
  friend std::variant<bound_socket, std::string>
  bind_hardened(const std::string&, const std::string&, const bind_details&);

  void remove() noexcept;
  void bind_path();

  std::string path_;
  std::string lock_path_;
  std::string selinux_type_;
  unique_fd socket_;
  unique_fd lock_;
  dev_t device_ = 0; // identify the file that was bound
  ino_t inode_ = 0;
};

/// The directory of a socket's path; "." for a path without a slash.
std::string socket_directory(const std::string& path);

/// The error line of bind_hardened() for the cause `why`.
std::string bind_fault(const std::string& path, const std::string& role,
                       const std::string& why);

/// Creates the directory with mode 0700, missing parents with 0755. Refuses a
/// directory that is not ours or that others can access. Removes a stale
/// socket, but nothing else. Refuses a path where a server answers or is just
/// starting. The socket has mode 0600 from its first moment; it listens,
/// non-blocking and close-on-exec. Errors: one line that names role, path and
/// cause. Source: clearance.md, section 1, "Binding".
std::variant<bound_socket, std::string>
bind_hardened(const std::string& path, const std::string& role,
              const bind_details& details = {});

} // namespace clearance::io
