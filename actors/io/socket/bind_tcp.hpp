/// Binding a TCP port.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace clearance::io {

/// A listening, non-blocking socket.
struct bound_port {
  unique_fd fd;
  std::string where; ///< address and the port that it got
};

/// Binds a numeric IPv4 or IPv6 address and listens. Whether it may be bound is
/// the caller's business. Errors: one line that names role, address and cause.
std::variant<bound_port, std::string> bind_port(const std::string& address,
                                                std::uint16_t port,
                                                const std::string& role);

/// What a TCP socket is bound to.
struct local_port {
  std::string where; ///< as in bound_port; empty: errno says why
  bool loopback = false;
};

local_port local_port_of(int fd);

/// Whether it is a numeric IPv4 or IPv6 address.
bool is_address(const std::string& text);

/// Whether a numeric address is a loopback one.
bool is_loopback(const std::string& address);

} // namespace clearance::io
