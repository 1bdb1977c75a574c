#include "protocol/text/address_port.hpp"

#include <doctest/doctest.h>

#include <string_view>

namespace address_port_tests {

using clearance::protocol::parse_address_port;

TEST_CASE("an address and a port are told apart by the last colon") {
  const auto v4 = parse_address_port("127.0.0.1:80");
  REQUIRE(v4);
  CHECK(v4->address == "127.0.0.1");
  CHECK(v4->port == 80);
  for (std::string_view text : {"[::1]:65535", "::1:65535"}) {
    CAPTURE(text);
    const auto v6 = parse_address_port(text);
    REQUIRE(v6);
    CHECK(v6->address == "::1");
    CHECK(v6->port == 65535);
  }
  CHECK(parse_address_port("[::1]:0")->port == 0);
}

TEST_CASE("what is no address and port is refused") {
  for (std::string_view text :
       {"", ":", ":80", "[]:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1: 1", "127.0.0.1:1 ",
        "127.0.0.1:http", "127.0.0.1:80x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_address_port(text));
  }
}

} // namespace address_port_tests
