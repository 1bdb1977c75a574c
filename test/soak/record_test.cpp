#include "test/soak/record.hpp"

#include <doctest/doctest.h>

namespace record_test {

using namespace clearance::soak;

namespace {

series of(std::size_t n, sample (*at)(std::size_t)) {
  series result{"hub", {}};
  for (std::size_t i = 0; i < n; ++i)
    result.samples.push_back(at(i));
  return result;
}

constexpr std::size_t mib = 1024 * 1024;

} // namespace

TEST_CASE(
    "figures that stay the same do not grow, whatever the first samples were") {
  const auto x = of(100, [](std::size_t i) {
    return sample{i < 20 ? i * mib : 20 * mib, 10 + i % 7, 4, i % 9};
  });
  CHECK(what_grows(x).empty());
  CHECK(resident_of_fifth(x, 4) == 20 * mib);
}

TEST_CASE("a leak is reported, and a short peak is not") {
  CHECK(what_grows(of(100,
                      [](std::size_t i) {
                        return sample{20 * mib + i * mib / 40, 10, 4, 0};
                      }))
        == std::vector<std::string>{
            "hub: resident bytes grew from 21757952 to 23330816"});
  CHECK(what_grows(of(100, [](std::size_t i) {
          return sample{i == 90 ? 90 * mib : 20 * mib, 10, 4, 0};
        })).empty());
}

TEST_CASE("threads, descriptors and children have limits of their own") {
  const auto x = of(100, [](std::size_t i) {
    return sample{mib, i, 4 + i / 50, i};
  });
  CHECK(what_grows(x)
        == std::vector<std::string>{"hub: threads grew from 4 to 5",
                                    "hub: descriptors grew from 30 to 90",
                                    "hub: children grew from 30 to 90"});
}

TEST_CASE("ten samples are needed for a judgement") {
  auto flat = [](std::size_t) { return sample{mib, 10, 4, 0}; };
  CHECK(what_grows(of(10, flat)).empty());
  CHECK(what_grows(of(9, flat)).size() == 1);
}

} // namespace record_test
