#include "protocol/guard/target.hpp"

#include <doctest/doctest.h>

#include <string>

namespace guard_target_tests {

using namespace clearance::protocol;

TEST_CASE("a name does not open addresses of a special purpose") {
  for (const auto* x :
       {"127.0.0.1", "10.1.2.3", "172.31.255.255", "192.168.0.1",
        "169.254.169.254", "100.100.100.200", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::", "::1", "fe80::1", "fd00:ec2::254", "ff02::1",
        "::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::10.0.0.1",
        "2002:7f00:1::"}) {
    CAPTURE(x);
    CHECK(is_special(*parse_ip_address(x)));
  }
  for (const auto* x :
       {"203.0.113.7", "8.8.8.8", "172.32.0.1", "2001:db8::1",
        "2606:4700::1111", "100.128.0.1", "169.253.0.1", "64:ff9b::8.8.8.8"}) {
    CAPTURE(x);
    CHECK_FALSE(is_special(*parse_ip_address(x)));
  }
}

TEST_CASE("an address is the same from a packet and from a text") {
  CHECK(wire_address("\xcb\0\x71\7", false) == parse_ip_address("203.0.113.7"));
  const std::string v6("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7", 16);
  CHECK(wire_address(v6.data(), true) == parse_ip_address("2001:db8::7"));
  const std::string mapped("\0\0\0\0\0\0\0\0\0\0\xff\xff\xcb\0\x71\7", 16);
  CHECK(wire_address(mapped.data(), true) == parse_ip_address("203.0.113.7"));
}

TEST_CASE("a network is more than one address") {
  for (const auto* x : {"203.0.113.0/24", "0.0.0.0/0", "::/0", "8.8.8.8/31"})
    CHECK(is_network(*parse_ip_range(x)));
  for (const auto* x : {"203.0.113.7", "203.0.113.7/32", "::1", "::1/128"})
    CHECK_FALSE(is_network(*parse_ip_range(x)));
}

} // namespace guard_target_tests
