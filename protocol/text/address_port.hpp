/// `ADDRESS:PORT`, as command lines name a TCP socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

struct address_port {
  std::string address; ///< without brackets; not looked at, but not empty
  std::uint16_t port = 0;
};

/// Reads `127.0.0.1:80` or `[::1]:80`. The port has digits only and is at most
/// 65535. Nothing: it is no such text.
std::optional<address_port> parse_address_port(std::string_view text);

} // namespace clearance::protocol
