#include "protocol/guard/told_targets.hpp"

#include "protocol/guard/limits.hpp"

#include <doctest/doctest.h>

namespace told_targets_tests {

using namespace clearance::protocol;
using namespace std::chrono_literals;

namespace {

blocked_target target(unsigned n, std::uint8_t protocol = 6) {
  const char bytes[] = {10, 0, static_cast<char>(n >> 8),
                        static_cast<char>(n & 255)};
  return {wire_address(bytes, false), protocol};
}

} // namespace

TEST_CASE("a target that the hub was told of is told again after its time") {
  told_targets x;
  const time_point start{1h};
  CHECK(x.is_due(target(1), start));
  CHECK(x.is_due(target(1), start)); // it was not sent
  x.told(target(1), start);
  const auto repeat = start + guard_limits::block_repeat;
  CHECK_FALSE(x.is_due(target(1), repeat - 1ns));
  CHECK(x.is_due(target(1), repeat));
  CHECK(x.size() == 0);
}

TEST_CASE("each protocol of an address is a target of its own") {
  told_targets x;
  const time_point start{1h};
  x.told(target(1, 6), start);
  CHECK_FALSE(x.is_due(target(1, 6), start));
  CHECK(x.is_due(target(1, 17), start));
  CHECK(x.is_due(target(2, 6), start));
}

TEST_CASE("a flood of targets makes the oldest one forgotten") {
  told_targets x;
  const time_point start{1h};
  for (unsigned i = 0; i < guard_limits::targets_max; ++i)
    x.told(target(i), start);
  x.told(target(0), start); // is known: nothing changes
  CHECK(x.size() == guard_limits::targets_max);
  CHECK_FALSE(x.is_due(target(0), start));
  x.told(target(guard_limits::targets_max), start);
  CHECK(x.size() == guard_limits::targets_max);
  CHECK(x.is_due(target(0), start));
  CHECK_FALSE(x.is_due(target(1), start));
}

TEST_CASE("gaps in the numbers are lost packets") {
  sequence_gap x;
  CHECK(x.before(7) == 0); // the first one that is seen
  CHECK(x.before(8) == 0);
  CHECK(x.before(11) == 2);
  sequence_gap wraps;
  CHECK(wraps.before(0xffffffff) == 0);
  CHECK(wraps.before(0) == 0);
  CHECK(wraps.before(2) == 1);
}

} // namespace told_targets_tests
