#include "protocol/guard/name_labels.hpp"

#include "protocol/guard/limits.hpp"

#include <doctest/doctest.h>

#include <string>

namespace name_labels_tests {

using namespace clearance::protocol;

namespace {

ip_address address(unsigned n) {
  const char bytes[] = {10, 0, static_cast<char>(n >> 8),
                        static_cast<char>(n & 255)};
  return wire_address(bytes, false);
}

dns_answer answer(const std::string& name, unsigned n) {
  return {0, name, {{address(n), 60}}};
}

} // namespace

TEST_CASE("an address has the name that it had last") {
  name_labels x;
  CHECK(x.of(address(1)).empty());
  x.add(answer("one.example", 1));
  x.add(answer("two.example", 2));
  CHECK(x.of(address(1)) == "one.example");
  x.add(answer("other.example", 1));
  CHECK(x.of(address(1)) == "other.example");
  CHECK(x.of(address(2)) == "two.example");
}

TEST_CASE("the name that was seen longest ago is forgotten first") {
  name_labels x;
  for (unsigned i = 0; i < guard_limits::names_max; ++i)
    x.add(answer("a.example", i));
  x.add(answer("a.example", 0)); // seen again
  CHECK(x.size() == guard_limits::names_max);
  x.add(answer("b.example", guard_limits::names_max));
  CHECK(x.size() == guard_limits::names_max);
  CHECK(x.of(address(1)).empty());
  CHECK(x.of(address(0)) == "a.example");
}

} // namespace name_labels_tests
