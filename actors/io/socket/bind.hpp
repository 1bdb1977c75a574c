/// Binding a unix socket so that nobody else gets in.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <string>
#include <sys/types.h>
#include <utility>
#include <variant>

namespace clearance::io {

/// A listening socket and the lock beside it. Its end removes both paths, if
/// they still are what was bound.
class bound_socket {
public:
  bound_socket() noexcept = default;

  /// A socket of somebody else's binding: no lock, and `path` stays.
  bound_socket(unique_fd socket, std::string path) noexcept
      : path_(std::move(path)), socket_(std::move(socket)) {
    // nop
  }

  bound_socket(bound_socket&& other) noexcept;
  bound_socket& operator=(bound_socket&& other) noexcept;
  ~bound_socket();

  int fd() const noexcept { return socket_.get(); }

  /// Gives the descriptor away, not the paths.
  unique_fd take_fd() noexcept { return std::move(socket_); }

  const std::string& path() const noexcept { return path_; }

private:
  friend std::variant<bound_socket, std::string>
  bind_hardened(const std::string&, const std::string&);

  void remove() noexcept;

  std::string path_;
  unique_fd socket_;
  unique_fd lock_;
  dev_t device_ = 0; // of the bound path
  ino_t inode_ = 0;
};

/// The directory of a socket; of one without a slash: ".".
std::string socket_directory(const std::string& path);

/// The line of bind_hardened() for the cause `why`.
std::string bind_fault(const std::string& path, const std::string& role,
                       const std::string& why);

/// Creates missing directories 0700; refuses a parent that is not ours or is
/// accessible to others; removes a stale socket, and nothing but a socket;
/// refuses a path where a live server answers or starts right now; binds 0600
/// from the first moment; listens. Close-on-exec and non-blocking.
/// Errors: one line that names role, path and cause.
/// Source: clearance.md, section 1, "Binding".
std::variant<bound_socket, std::string> bind_hardened(const std::string& path,
                                                      const std::string& role);

} // namespace clearance::io
