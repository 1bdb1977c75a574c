/// IPv4 and IPv6 addresses and networks, as values and as text.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// An address. Of an IPv4 address the first 4 bytes are used, the others are 0.
struct ip_address {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const ip_address&) const = default;

  std::size_t size() const noexcept { return v6 ? 16 : 4; }
};

/// An address, or a network: all addresses that share the first `bits` bits.
struct ip_target {
  ip_address address;
  std::uint8_t bits = 32; ///< 32 or 128: one address

  auto operator<=>(const ip_target&) const = default;

  bool is_network() const noexcept { return bits < address.size() * 8; }
  bool contains(const ip_address& x) const noexcept;
};

/// The address whose bytes begin at `bytes`: 4 bytes, or 16 with `v6`. An IPv6
/// address that only wraps an IPv4 address (::ffff:0:0/96) becomes the IPv4
/// address, because the kernel sends IPv4 packets to it. Source: RFC 4291,
/// section 2.5.5.2.
ip_address address_of(const std::uint8_t* bytes, bool v6) noexcept;

/// Reads the usual notation: `203.0.113.7` with four decimal numbers, or IPv6
/// as in RFC 4291, section 2.2. Nothing: it is no address. Leading zeros of
/// IPv4, scopes (`%eth0`) and brackets are refused, because programs differ in
/// what they mean.
std::optional<ip_address> parse_address(std::string_view text);

/// Reads an address or `ADDRESS/BITS`. Nothing: malformed, or the address has
/// bits behind the network's.
std::optional<ip_target> parse_target(std::string_view text);

/// The notation of RFC 5952.
std::string to_string(const ip_address& x);
std::string to_string(const ip_target& x);

/// Whether a DNS name must not open this address: unspecified, loopback,
/// private, shared, link-local (also the metadata services of clouds),
/// multicast and reserved addresses. Source: IANA's special-purpose registries.
bool is_special(const ip_address& x) noexcept;

} // namespace clearance::protocol
