#include "protocol/json/keep_last.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace keep_last_tests {

using namespace clearance::protocol;

namespace {

using pairs = std::vector<std::pair<std::string, int>>;

pairs kept(pairs xs) {
  keep_last_of_each(xs, [](const auto& x) { return x.first; });
  return xs;
}

} // namespace

TEST_CASE("names that all differ stay as they are") {
  CHECK(kept({}) == pairs{});
  CHECK(kept({{"a", 1}}) == pairs{{"a", 1}});
  CHECK(kept({{"b", 1}, {"a", 2}}) == pairs{{"b", 1}, {"a", 2}});
}

TEST_CASE("a repeated name has its last value at its first place") {
  CHECK(kept({{"a", 1}, {"a", 2}}) == pairs{{"a", 2}});
  CHECK(kept({{"a", 1}, {"b", 2}, {"a", 3}, {"c", 4}, {"b", 5}, {"a", 6}})
        == pairs{{"a", 6}, {"b", 5}, {"c", 4}});
  CHECK(kept({{"c", 1}, {"a", 2}, {"a", 3}}) == pairs{{"c", 1}, {"a", 3}});
}

TEST_CASE("many elements are treated like a few") {
  for (int n : {15, 16, 17, 18, 1000}) {
    pairs xs;
    for (int i = 0; i < n; ++i)
      xs.emplace_back(std::to_string(i % 7), i);
    pairs expected;
    for (int i = 0; i < 7; ++i)
      expected.emplace_back(std::to_string(i), (n - 1 - i) / 7 * 7 + i);
    CHECK(kept(xs) == expected);
  }
}

} // namespace keep_last_tests
