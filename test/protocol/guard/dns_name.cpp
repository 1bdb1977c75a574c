#include "protocol/guard/dns_name.hpp"

#include <doctest/doctest.h>

#include <string>

// How names are taken from messages is tested with the answers: dns_answer.cpp.
namespace guard_dns_name_tests {

using clearance::protocol::is_dns_name;

TEST_CASE("a name of the DNS has labels of up to 63 characters") {
  const std::string label(63, 'a');
  const auto longest =
      label + '.' + label + '.' + label + '.' + std::string(61, 'b');
  REQUIRE(longest.size() == 253);
  CHECK(is_dns_name(longest));
  CHECK_FALSE(is_dns_name(longest + 'b'));
  CHECK_FALSE(is_dns_name(label + 'a'));
  for (const auto* bad : {"", ".", "a.", ".a", "a..b", "A.b", "a b", "a/b"})
    CHECK_FALSE(is_dns_name(bad));
  for (const auto* good : {"a", "_dmarc.example.com", "xn--4ca.example"})
    CHECK(is_dns_name(good));
}

} // namespace guard_dns_name_tests
