/// What stands in the headers of a logged packet. Source: RFC 791, RFC 8200.
#pragma once

#include "protocol/guard/target.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace clearance::protocol {

/// Numbers of IANA's "Assigned Internet Protocol Numbers".
namespace ip_protocol {
inline constexpr std::uint8_t icmp = 1;
inline constexpr std::uint8_t tcp = 6;
inline constexpr std::uint8_t udp = 17;
inline constexpr std::uint8_t icmpv6 = 58;
} // namespace ip_protocol

struct ip_packet {
  ip_address source;
  ip_address destination;
  /// The transport protocol. When the headers are cut or too many, the last
  /// protocol that could be read.
  std::uint8_t protocol = 0;
  /// Ports of TCP and UDP; 0 for other protocols, for all but the first
  /// fragment, and when the header is cut.
  std::uint16_t source_port = 0;
  std::uint16_t port = 0;
  bool fragment = false;        ///< not the first one: has no transport header
  std::string_view udp_payload; ///< empty for everything but UDP
};

/// Reads a packet from its IP header on, which may be cut behind the addresses.
/// Nothing: it is no IPv4 or IPv6 packet, or it is cut before.
std::optional<ip_packet> parse_packet(std::string_view bytes) noexcept;

} // namespace clearance::protocol
