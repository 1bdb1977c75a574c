#include "actors/io/socket/unix_address.hpp"

namespace clearance::io {

namespace {

constexpr auto path_offset = offsetof(sockaddr_un, sun_path);

} // namespace

std::optional<unix_address>
unix_address::of_path(std::string_view path) noexcept {
  if (path.empty() || path.size() > socket_path_max_bytes
      || path.find('\0') != path.npos)
    return std::nullopt;
  unix_address result;
  result.bytes_.sun_family = AF_UNIX;
  path.copy(result.bytes_.sun_path, path.size());
  result.size_ = sizeof(result.bytes_);
  return result;
}

// The kernel takes an abstract name by its length: every byte counts, also a
// NUL behind it. So the size ends with the name.
std::optional<unix_address>
unix_address::of_name(std::string_view name) noexcept {
  if (!name.starts_with('@'))
    return of_path(name);
  if (name.size() < 2)
    return std::nullopt;
  auto result = of_path(name);
  if (result) {
    result->bytes_.sun_path[0] = '\0';
    result->size_ = static_cast<socklen_t>(path_offset + name.size());
  }
  return result;
}

// A path may fill the array and then has no NUL at its end. An abstract name
// begins with a NUL. Source: unix(7).
std::string unix_name_of(const sockaddr_un& at, socklen_t size) {
  std::string_view name{at.sun_path,
                        size > path_offset ? size - path_offset : 0};
  // the kernel's size includes a NUL behind the array
  name = name.substr(0, sizeof(at.sun_path));
  if (!name.empty() && name.front() == '\0')
    return '@' + std::string{name.substr(1)};
  return std::string{name.substr(0, name.find('\0'))};
}

} // namespace clearance::io
