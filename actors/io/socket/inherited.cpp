#include "actors/io/socket/inherited.hpp"

#include "actors/io/socket/unix_address.hpp"
#include "protocol/text/error_text.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <utility>

namespace clearance::io {

namespace {

/// -1 if `fd` is not a socket.
int socket_option(int fd, int name) {
  int value = 0;
  socklen_t size = sizeof(value);
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

std::variant<listening_place, std::string> unix_place(int fd) {
  sockaddr_un at{};
  socklen_t size = sizeof(at);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    return "cannot be examined: " + protocol::error_text(errno);
  return listening_place{false, true, unix_name_of(at, size)};
}

std::variant<listening_place, std::string> tcp_place(int fd) {
  auto at = local_port_of(fd);
  if (at.where.empty())
    return "cannot be examined: " + protocol::error_text(errno);
  return listening_place{true, at.loopback, std::move(at.where)};
}

bool add_flag(int fd, int get, int set, int bit) {
  const int now = ::fcntl(fd, get);
  return now >= 0 && ::fcntl(fd, set, now | bit) == 0;
}

} // namespace

std::variant<listening_place, std::string> place_of(int fd) {
  const int family = socket_option(fd, SO_DOMAIN);
  if (family < 0)
    return "is not a socket";
  if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
    return "is neither a unix nor a TCP socket";
  if (socket_option(fd, SO_TYPE) != SOCK_STREAM)
    return "is not a stream socket";
  if (socket_option(fd, SO_ACCEPTCONN) != 1)
    return "does not listen";
  return family == AF_UNIX ? unix_place(fd) : tcp_place(fd);
}

std::variant<bound_socket, bound_port, std::string>
inherit_socket(int fd, const std::string& role) {
  unique_fd socket{fd};
  auto fail = [&](const std::string& why) {
    return "cannot serve the " + role + ": the descriptor " + std::to_string(fd)
           + " that was passed for it " + why;
  };
  auto place = place_of(fd);
  if (auto why = std::get_if<std::string>(&place))
    return fail(*why);
  if (!add_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC)
      || !add_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK))
    return fail("cannot be used: " + protocol::error_text(errno));
  auto& [is_tcp, loopback, text] = std::get<listening_place>(place);
  if (is_tcp)
    return bound_port{std::move(socket), std::move(text)};
  return bound_socket{std::move(socket), std::move(text)};
}

std::variant<bound_socket, std::string>
inherit_unix_socket(int fd, const std::string& role) {
  auto taken = inherit_socket(fd, role);
  if (auto why = std::get_if<std::string>(&taken))
    return std::move(*why);
  if (auto socket = std::get_if<bound_socket>(&taken))
    return std::move(*socket);
  return "cannot serve the " + role + ": the descriptor " + std::to_string(fd)
         + " that was passed for it is not a unix socket";
}

} // namespace clearance::io
