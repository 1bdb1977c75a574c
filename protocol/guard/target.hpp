/// What a verdict of the guard is about: an address or a network.
#pragma once

#include "protocol/operator/address.hpp"

#include <cstdint>
#include <string_view>

namespace clearance::protocol {

/// The address whose bytes in a packet begin at `bytes`: 4 bytes, or 16 with
/// `v6`. The IPv6 form of an IPv4 address is that address, because the kernel
/// sends IPv4 packets to it.
ip_address wire_address(const char* bytes, bool v6) noexcept;

/// Whether `x` is more than one address.
bool is_network(const ip_range& x) noexcept;

/// Whether a DNS name must not open this address: unspecified, loopback,
/// private, shared, link-local (also the metadata services of clouds),
/// multicast and reserved addresses. Source: IANA's special-purpose registries.
bool is_special(const ip_address& x) noexcept;

} // namespace clearance::protocol
