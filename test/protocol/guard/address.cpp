#include "protocol/guard/address.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace guard_address_tests {

using namespace clearance::protocol;

namespace {

std::string again(const std::string& text) {
  const auto x = parse_target(text);
  return x ? to_string(*x) : "refused";
}

} // namespace

TEST_CASE("an address is written in one way, however it was given") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"203.0.113.7", "203.0.113.7"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:db8::", "2001:db8::"},
      {"2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"}, // one group is not shortened
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"1::8", "1::8"},
      {"64:ff9b::203.0.113.7", "64:ff9b::cb00:7107"},
      // The kernel sends IPv4 packets to these.
      {"::ffff:203.0.113.7", "203.0.113.7"},
      {"::ffff:cb00:7107", "203.0.113.7"},
      {"203.0.113.0/24", "203.0.113.0/24"},
      {"203.0.113.7/32", "203.0.113.7"},
      {"0.0.0.0/0", "0.0.0.0/0"},
      {"2001:db8::/32", "2001:db8::/32"},
      {"2001:db8::1/128", "2001:db8::1"},
      {"::/0", "::/0"},
  };
  for (const auto& [given, shown] : cases) {
    CAPTURE(given);
    CHECK(again(given) == shown);
    CHECK(again(shown) == shown);
  }
}

TEST_CASE("what programs understand differently is no address") {
  for (const std::string bad : {"",
                                " ",
                                "1",
                                "1.2.3",
                                "1.2.3.4.5",
                                "1.2.3.",
                                ".1.2.3",
                                "1..2.3",
                                "01.2.3.4",
                                "1.2.3.04",
                                "256.1.1.1",
                                "1.2.3.-4",
                                "+1.2.3.4",
                                "0x1.2.3.4",
                                "1.2.3.4 ",
                                " 1.2.3.4",
                                "1.2.3.4\n",
                                "3405803783",
                                ":",
                                ":::",
                                "1:2:3:4:5:6:7",
                                "1:2:3:4:5:6:7:8:9",
                                "1:2:3:4:5:6:7:8::",
                                "1::2::3",
                                "12345::",
                                "g::",
                                "::1%eth0",
                                "[::1]",
                                "1:2:3:4:5:6:7:",
                                ":1:2:3:4:5:6:7",
                                "1.2.3.4::",
                                "::1.2.3",
                                "::1.2.3.4:5",
                                "1:2:3:4:5:6:7:1.2.3.4",
                                "-1::",
                                "1.2.3.4/",
                                "1.2.3.4/33",
                                "1.2.3.4/-1",
                                "1.2.3.4/024",
                                "203.0.113.7/24",
                                "1.2.3.4/32/32",
                                "::/129",
                                "2001:db8::1/64",
                                "::ffff:1.2.3.4/128",
                                "/8",
                                "example.com"}) {
    CAPTURE(bad);
    CHECK(again(bad) == "refused");
  }
}

TEST_CASE("a network contains its addresses and no others") {
  const auto contains = [](const char* network, const char* address) {
    return parse_target(network)->contains(*parse_address(address));
  };
  CHECK(contains("203.0.113.0/24", "203.0.113.255"));
  CHECK_FALSE(contains("203.0.113.0/24", "203.0.114.0"));
  CHECK(contains("10.0.0.0/9", "10.127.255.255"));
  CHECK_FALSE(contains("10.0.0.0/9", "10.128.0.0"));
  CHECK(contains("0.0.0.0/0", "255.255.255.255"));
  CHECK_FALSE(contains("0.0.0.0/0", "::1"));
  CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(contains("203.0.113.7", "203.0.113.7"));
  CHECK_FALSE(contains("203.0.113.7", "203.0.113.6"));
}

TEST_CASE("a name does not open addresses of a special purpose") {
  for (const auto* x :
       {"127.0.0.1", "10.1.2.3", "172.31.255.255", "192.168.0.1",
        "169.254.169.254", "100.100.100.200", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::", "::1", "fe80::1", "fd00:ec2::254", "ff02::1",
        "::ffff:10.0.0.1", "::10.0.0.1"}) {
    CAPTURE(x);
    CHECK(is_special(*parse_address(x)));
  }
  for (const auto* x : {"203.0.113.7", "8.8.8.8", "172.32.0.1", "2001:db8::1",
                        "2606:4700::1111", "100.128.0.1", "169.253.0.1"}) {
    CAPTURE(x);
    CHECK_FALSE(is_special(*parse_address(x)));
  }
}

} // namespace guard_address_tests
