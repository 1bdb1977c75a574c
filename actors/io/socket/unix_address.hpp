/// Addresses of unix sockets.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>

namespace clearance::io {

/// Bytes that the kernel takes for a socket's path, its final NUL not counted.
/// A longer path can be neither bound nor connected to. Source: unix(7).
inline constexpr std::size_t socket_path_max_bytes =
    sizeof(sockaddr_un::sun_path) - 1;

/// An address as bind(), connect() and sendto() take it: data() and size().
class unix_address {
public:
  /// The socket file at `path`. Nothing: the path is empty, has a NUL in it or
  /// is longer than socket_path_max_bytes.
  static std::optional<unix_address> of_path(std::string_view path) noexcept;

  /// `@name` is a socket in the abstract namespace, which has no file; anything
  /// else is a path. Nothing: as for of_path(), or there is no name.
  static std::optional<unix_address> of_name(std::string_view name) noexcept;

  const sockaddr* data() const noexcept {
    return reinterpret_cast<const sockaddr*>(&bytes_);
  }

  socklen_t size() const noexcept { return size_; }

private:
  unix_address() noexcept = default;

  sockaddr_un bytes_{};
  socklen_t size_ = 0;
};

/// The name of the socket that the kernel described by the first `size` bytes
/// of `at`: a path, `@name`, or empty if it is bound to nothing.
std::string unix_name_of(const sockaddr_un& at, socklen_t size);

} // namespace clearance::io
