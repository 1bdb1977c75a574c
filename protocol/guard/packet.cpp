#include "protocol/guard/packet.hpp"

#include "protocol/guard/limits.hpp"
#include "protocol/guard/wire_reader.hpp"

#include <cstddef>

namespace clearance::protocol {

namespace {

// Next-header numbers of IPv6 that are no transport protocol.
constexpr std::uint8_t hop_by_hop = 0;
constexpr std::uint8_t routing = 43;
constexpr std::uint8_t fragment_header = 44;
constexpr std::uint8_t authentication = 51;
constexpr std::uint8_t destination_options = 60;

constexpr std::size_t udp_header_bytes = 8;

ip_address take_address(wire_reader& in, bool v6) noexcept {
  const auto bytes = in.take(v6 ? 16 : 4);
  return in.ok() ? wire_address(bytes.data(), v6) : ip_address{};
}

// The transport header; `in` stands at its first byte.
void read_transport(wire_reader in, ip_packet& to) noexcept {
  if (to.fragment
      || (to.protocol != ip_protocol::tcp && to.protocol != ip_protocol::udp))
    return;
  const auto source = in.u16();
  const auto port = in.u16();
  if (!in.ok())
    return;
  to.source_port = source;
  to.port = port;
  if (to.protocol != ip_protocol::udp)
    return;
  const auto size = in.u16();
  in.skip(2); // checksum
  if (!in.ok() || size < udp_header_bytes)
    return;
  // The packet may be cut, or be padded behind the datagram's end.
  const std::size_t said = size - udp_header_bytes;
  to.udp_payload = in.take(said < in.left() ? said : in.left());
}

std::optional<ip_packet> parse_v4(std::string_view bytes) noexcept {
  wire_reader in(bytes);
  const std::size_t header = (in.u8() & 15U) * 4U;
  in.skip(5); // type of service, length, identification
  const auto offset = in.u16() & 0x1fff;
  in.skip(1); // time to live
  ip_packet result;
  result.protocol = in.u8();
  in.skip(2); // checksum
  result.source = take_address(in, false);
  result.destination = take_address(in, false);
  if (!in.ok() || header < in.offset())
    return std::nullopt;
  result.fragment = offset != 0;
  in.seek(header);
  read_transport(in, result);
  return result;
}

// Whether `in` was moved behind the extension header `result.protocol`, which
// may have been no extension header.
enum class step : std::uint8_t { extension, transport, cut };

step skip_extension(wire_reader& in, ip_packet& result) noexcept {
  const auto kind = result.protocol;
  if (kind != hop_by_hop && kind != routing && kind != fragment_header
      && kind != authentication && kind != destination_options)
    return step::transport;
  const auto next = in.u8();
  const std::size_t size = in.u8();
  if (kind == fragment_header) {
    result.fragment = (in.u16() & 0xfff8) != 0;
    in.skip(4); // identification
  } else {
    // Source: RFC 8200, section 4.3; RFC 4302, section 2.2.
    in.skip(kind == authentication ? (size + 2) * 4 - 2 : size * 8 + 6);
  }
  if (!in.ok())
    return step::cut;
  result.protocol = next;
  return result.fragment ? step::transport : step::extension;
}

std::optional<ip_packet> parse_v6(std::string_view bytes) noexcept {
  wire_reader in(bytes);
  in.skip(6); // version, class, label, length
  ip_packet result;
  result.protocol = in.u8();
  in.skip(1); // hop limit
  result.source = take_address(in, true);
  result.destination = take_address(in, true);
  if (!in.ok())
    return std::nullopt;
  for (std::size_t i = 0; i <= guard_limits::extension_headers_max; ++i) {
    switch (skip_extension(in, result)) {
    case step::extension:
      continue;
    case step::transport:
      read_transport(in, result);
      return result;
    case step::cut:
      return result;
    }
  }
  return result;
}

} // namespace

std::optional<ip_packet> parse_packet(std::string_view bytes) noexcept {
  if (bytes.empty())
    return std::nullopt;
  switch (static_cast<std::uint8_t>(bytes[0]) >> 4) {
  case 4:
    return parse_v4(bytes);
  case 6:
    return parse_v6(bytes);
  default:
    return std::nullopt;
  }
}

} // namespace clearance::protocol
