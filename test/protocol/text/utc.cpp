#include "protocol/text/utc.hpp"

#include <doctest/doctest.h>

#include <string>

namespace utc_tests {

using namespace clearance::protocol;

namespace {

constexpr std::chrono::sys_seconds time{std::chrono::seconds{1772600767}};

} // namespace

TEST_CASE("a time is written in both forms") {
  CHECK_EQ(compact_utc(time), "20260304T050607Z");
  CHECK_EQ(extended_utc(time), "2026-03-04T05:06:07Z");
  CHECK_EQ(compact_utc({}), "19700101T000000Z");
}

TEST_CASE("what was written is read") {
  CHECK(parse_compact_utc("20260304T050607Z") == time);
  CHECK(parse_compact_utc("20240229T235959Z").has_value());
  const std::string whole = "20260304T050607Z";
  for (std::size_t n = 0; n < whole.size(); ++n)
    CHECK_FALSE(parse_compact_utc(whole.substr(0, n)));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    auto other = whole;
    other[i] = 'x';
    CHECK_FALSE(parse_compact_utc(other));
  }
}

TEST_CASE("a date or time that does not exist has the form alone") {
  for (const auto* text :
       {"20261304T050607Z", "20260004T050607Z", "20260230T050607Z",
        "20250229T050607Z", "20260304T240607Z", "20260304T056007Z",
        "20260304T050660Z"}) {
    CHECK(has_compact_utc_form(text));
    CHECK_FALSE(parse_compact_utc(text));
  }
}

} // namespace utc_tests
