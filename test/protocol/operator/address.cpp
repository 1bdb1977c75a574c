#include "protocol/operator/address.hpp"

#include <doctest/doctest.h>

#include <string>

namespace operator_address_tests {

using namespace clearance::protocol;

TEST_CASE("an IPv4 address has one notation") {
  for (const auto* text : {"0.0.0.0", "10.0.0.1", "255.255.255.255"}) {
    auto x = parse_ip_address(text);
    REQUIRE(x);
    CHECK(x->is_ipv4());
    CHECK_EQ(to_string(*x), text);
  }
  for (const auto* text :
       {"", ".", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5", "01.2.3.4",
        "1.2.3.256", "1.2.3.1000", "1.2.3.-4", "1.2.3.4 ", " 1.2.3.4",
        "0x1.2.3.4", "1..2.3", "a.b.c.d", "1.2.3.4/8"})
    CHECK_MESSAGE(!parse_ip_address(text), text);
}

TEST_CASE("all notations of an IPv6 address are one address") {
  struct {
    const char* text;
    const char* canonical;
  } cases[]{
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"2001:DB8::00Ff", "2001:db8::ff"},
      {"2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"},
      {"2001:0:0:1:0:0:1:1", "2001::1:0:0:1:1"},
      {"1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"64:ff9b::10.0.0.1", "64:ff9b::a00:1"},
      {"::ffff:10.0.0.1", "10.0.0.1"},
      {"::FFFF:0a00:0001", "10.0.0.1"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
  };
  for (const auto& x : cases) {
    auto y = parse_ip_address(x.text);
    REQUIRE_MESSAGE(y, x.text);
    CHECK_EQ(to_string(*y), x.canonical);
    CHECK_EQ(parse_ip_address(to_string(*y)), y);
  }
}

TEST_CASE("what is no IPv6 address is refused") {
  for (const auto* text : {":",
                           ":::",
                           "1:",
                           ":1",
                           "1::2::3",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "12345::",
                           "g::",
                           "1:2:3:4:5:6:7:8::",
                           "::1%eth0",
                           "[::1]",
                           "::1 ",
                           "::1/128",
                           "1.2.3.4::",
                           "1:1.2.3.4::",
                           "::1.2.3.4:5",
                           "::1.2.3.256",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::1:2:3:4:5:6:7:8"})
    CHECK_MESSAGE(!parse_ip_address(text), text);
}

TEST_CASE("an address in any notation is told from a name") {
  for (const auto* text :
       {"10.0.0.1", "10.0.0.1.", "10.1", "2130706433", "0x7f000001",
        "0x7f.0.0.0x1", "0177.0.0.1", "::1", "[::1]", "fe80::1%eth0", "a.0x",
        "example.1", "1.", "::", "a:b"})
    CHECK_MESSAGE(is_address_like(text), text);
  for (const auto* text :
       {"", ".", "example.org", "1.example", "0xg", "x", "1a", "10.0.0.1a",
        "example.0xzz", "a..", "0x1.example"})
    CHECK_MESSAGE(!is_address_like(text), text);
}

TEST_CASE("a range contains what shares its first bits") {
  auto range = [](const char* text) { return *parse_ip_range(text); };
  auto address = [](const char* text) { return *parse_ip_address(text); };
  CHECK(range("10.0.0.0/8").contains(address("10.255.255.255")));
  CHECK(range("10.0.0.0/8").contains(address("::ffff:10.0.0.1")));
  CHECK_FALSE(range("10.0.0.0/8").contains(address("11.0.0.0")));
  CHECK(range("172.16.0.0/12").contains(address("172.31.255.255")));
  CHECK_FALSE(range("172.16.0.0/12").contains(address("172.32.0.0")));
  CHECK(range("0.0.0.0/0").contains(address("255.1.1.1")));
  CHECK_FALSE(range("0.0.0.0/0").contains(address("2001:db8::1")));
  CHECK(range("::/0").contains(address("10.0.0.1")));
  CHECK(range("fc00::/7").contains(address("fdff::1")));
  CHECK_FALSE(range("fc00::/7").contains(address("fe00::1")));
  CHECK(range("10.0.0.1").contains(address("10.0.0.1")));
  CHECK_FALSE(range("10.0.0.1").contains(address("10.0.0.2")));
  CHECK(range("10.0.0.0/8").contains(range("10.1.0.0/16")));
  CHECK_FALSE(range("10.1.0.0/16").contains(range("10.0.0.0/8")));
  CHECK_FALSE(range("10.0.0.0/8").contains(range("0.0.0.0/0")));
}

TEST_CASE("a range is written as it is read") {
  for (const auto* text : {"0.0.0.0/0", "10.0.0.0/8", "10.0.0.1", "::/0",
                           "2001:db8::/32", "fd00:ec2::254"})
    CHECK_EQ(to_string(*parse_ip_range(text)), text);
  CHECK_EQ(to_string(*parse_ip_range("10.0.0.1/32")), "10.0.0.1");
  CHECK_EQ(to_string(*parse_ip_range("::ffff:0:0/96")), "0.0.0.0/0");
}

TEST_CASE("a range with bits behind its prefix, or none at all, is refused") {
  for (const auto* text :
       {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/08",
        "10.0.0.0/8/8", "/8", "", "example.org/8", "::1/0", "::/129",
        "10.0.0.0 /8", "10.0.0.0/8 "})
    CHECK_MESSAGE(!parse_ip_range(text), text);
}

TEST_CASE("the IPv4 address inside of an IPv6 address is found") {
  auto inside = [](const char* text) {
    auto x = embedded_ipv4(*parse_ip_address(text));
    return x ? to_string(*x) : "";
  };
  CHECK_EQ(inside("64:ff9b::a9fe:a9fe"), "169.254.169.254");
  CHECK_EQ(inside("64:ff9b:1::10.0.0.1"), "10.0.0.1");
  CHECK_EQ(inside("2002:7f00:1::"), "127.0.0.1");
  CHECK_EQ(inside("::10.0.0.1"), "10.0.0.1");
  CHECK_EQ(inside("::1"), "");
  CHECK_EQ(inside("::"), "");
  CHECK_EQ(inside("2001:db8::1"), "");
  CHECK_EQ(inside("10.0.0.1"), ""); // it is one
}

} // namespace operator_address_tests
