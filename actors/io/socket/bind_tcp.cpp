#include "actors/io/socket/bind_tcp.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace clearance::io {

namespace {

using tcp = boost::asio::ip::tcp;

std::string where(const tcp::endpoint& at) {
  const auto address = at.address().to_string();
  return (at.address().is_v6() ? '[' + address + ']' : address) + ':'
         + std::to_string(at.port());
}

} // namespace

local_port local_port_of(int fd) {
  tcp::endpoint at;
  auto size = static_cast<socklen_t>(at.capacity());
  if (::getsockname(fd, at.data(), &size) != 0)
    return {};
  at.resize(size);
  return {where(at), at.address().is_loopback()};
}

bool is_address(const std::string& text) {
  boost::system::error_code error;
  boost::asio::ip::make_address(text, error);
  return !error;
}

bool is_loopback(const std::string& address) {
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(address, error);
  return !error && parsed.is_loopback();
}

std::variant<bound_port, std::string> bind_port(const std::string& address,
                                                std::uint16_t port,
                                                const std::string& role) {
  auto fail = [&](const std::string& why) {
    return "cannot bind the " + role + ' ' + protocol::escaped(address) + ':'
           + std::to_string(port) + ": " + why;
  };
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(address, error);
  if (error)
    return fail("not a numeric address");
  tcp::endpoint at(parsed, port);
  unique_fd fd{::socket(at.protocol().family(),
                        SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const int on = 1;
  if (!fd
      || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0
      || ::bind(fd.get(), at.data(), static_cast<socklen_t>(at.size())) != 0
      || ::listen(fd.get(), protocol::limits::listen_backlog) != 0)
    return fail(protocol::error_text(errno));
  auto bound = local_port_of(fd.get()).where;
  if (bound.empty())
    return fail(protocol::error_text(errno));
  return bound_port{std::move(fd), std::move(bound)};
}

} // namespace clearance::io
