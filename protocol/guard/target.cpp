#include "protocol/guard/target.hpp"

#include <algorithm>
#include <iterator>

namespace clearance::protocol {

namespace {

// The networks that is_special() looks for.
constexpr std::string_view special_networks[] = {
    "0.0.0.0/8",        "10.0.0.0/8",    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32", // the services of a virtual machine's host (Azure)
    "169.254.0.0/16",   "172.16.0.0/12", "192.0.0.0/24",
    "192.88.99.0/24", // relays of 6to4
    "192.168.0.0/16",   "198.18.0.0/15", "224.0.0.0/4",
    "240.0.0.0/4",      "::/96",
    "::ffff:0:0:0/96", // IPv4 behind a translator
    "64:ff9b:1::/48",   "100::/64",
    "2001::/32", // Teredo carries IPv4
    "fc00::/7",         "fe80::/10",     "fec0::/10",
    "ff00::/8",
};

bool is_in_special_network(const ip_address& x) noexcept {
  return std::any_of(std::begin(special_networks), std::end(special_networks),
                     [&x](std::string_view network) {
                       const auto range = parse_ip_range(network);
                       return range && range->contains(x);
                     });
}

} // namespace

ip_address wire_address(const char* bytes, bool v6) noexcept {
  ip_address result;
  auto to = result.bytes.begin();
  if (!v6) {
    to[10] = 0xff;
    to[11] = 0xff;
    to += 12;
  }
  std::transform(bytes, bytes + (v6 ? 16 : 4), to,
                 [](char c) { return static_cast<std::uint8_t>(c); });
  return result;
}

bool is_network(const ip_range& x) noexcept {
  return x.bits < 128;
}

bool is_special(const ip_address& x) noexcept {
  const auto carried = embedded_ipv4(x);
  return is_in_special_network(x)
         || (carried && is_in_special_network(*carried));
}

} // namespace clearance::protocol
