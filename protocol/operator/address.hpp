/// IP addresses and ranges of addresses, as texts and as bytes.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// An IPv4 or IPv6 address. An IPv4 address is kept in the form that RFC 4291,
/// section 2.5.5.2, gives it in IPv6 (`::ffff:a.b.c.d`), so that both notations
/// of one address are equal.
struct ip_address {
  std::array<std::uint8_t, 16> bytes{};

  bool is_ipv4() const noexcept;

  friend bool operator==(const ip_address&, const ip_address&) = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees a 0 in it
  friend auto operator<=>(const ip_address&, const ip_address&) = default;
};

/// Reads `a.b.c.d` in decimal without leading zeros, and the forms of RFC 4291,
/// section 2.2. Nothing for any other notation; see is_address_like().
std::optional<ip_address> parse_ip_address(std::string_view text) noexcept;

/// The canonical text. Source: RFC 5952, section 4; for IPv4 dotted decimal.
std::string to_string(const ip_address& x);

/// Whether some program may take `text` for an address, in whatever notation:
/// `127.1`, `0x7f000001`, `2130706433`, `[::1]`, `fe80::1%eth0`, `10.0.0.1.`.
/// True for a text with a colon, and for a text whose last label is a number.
/// Source: inet_aton(3); the URL standard, "ends in a number checker".
bool is_address_like(std::string_view text) noexcept;

/// A range of addresses.
struct ip_range {
  ip_address base;
  /// The number of leading bits that an address must have in common with
  /// `base`: 0 to 128. For IPv4 it is 96 more than in the IPv4 notation.
  unsigned bits = 128;

  bool contains(const ip_address& x) const noexcept;
  bool contains(const ip_range& x) const noexcept;

  friend bool operator==(const ip_range&, const ip_range&) = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees a 0 in it
  friend auto operator<=>(const ip_range&, const ip_range&) = default;
};

/// Reads `ADDRESS` or `ADDRESS/BITS`. Nothing for any other text, or if a bit
/// of the address after the first BITS is set.
std::optional<ip_range> parse_ip_range(std::string_view text) noexcept;

/// `ADDRESS` or `ADDRESS/BITS`.
std::string to_string(const ip_range& x);

/// The IPv4 address that `x` carries, if a gateway or tunnel would send packets
/// for `x` to it: NAT64 (RFC 6052), 6to4 (RFC 3056), IPv4-compatible (RFC 4291,
/// section 2.5.5.1).
std::optional<ip_address> embedded_ipv4(const ip_address& x) noexcept;

} // namespace clearance::protocol
