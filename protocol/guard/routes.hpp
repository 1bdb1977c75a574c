/// The kernel's lists of routes. Source: proc(5), net/ipv4/fib_trie.c,
/// net/ipv6/route.c.
#pragma once

#include <string_view>

namespace clearance::protocol {

/// Whether packets to any address can leave by a device other than loopback.
/// `text`: of /proc/net/route. A line that makes no sense is skipped.
bool has_default_route_v4(std::string_view text) noexcept;

/// The same for IPv6 and /proc/net/ipv6_route.
bool has_default_route_v6(std::string_view text) noexcept;

} // namespace clearance::protocol
