/// Binds a TCP port.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace clearance::io {

/// A listening, non-blocking socket.
struct bound_port {
  unique_fd fd;
  std::string where; ///< the address and the port that was assigned
};

/// Binds a numeric IPv4 or IPv6 address and listens. The caller decides whether
/// the address is allowed. Errors: one line that names role, address and cause.
std::variant<bound_port, std::string> bind_port(const std::string& address,
                                                std::uint16_t port,
                                                const std::string& role);

/// The address that a TCP socket is bound to.
struct local_port {
  /// as in bound_port; empty on failure, then errno says why
  std::string where;
  bool loopback = false;
};

local_port local_port_of(int fd);

/// Whether it is a numeric IPv4 or IPv6 address.
bool is_address(const std::string& text);

/// Whether a numeric address is a loopback one.
bool is_loopback(const std::string& address);

} // namespace clearance::io
