#include "protocol/base/backoff.hpp"

#include <doctest/doctest.h>

#include <chrono>

namespace backoff_tests {

using namespace clearance::protocol;
using namespace std::chrono_literals;

TEST_CASE("delays double up to the maximum") {
  backoff x{{100ms, 1s, 60s}};
  time_point now{1h};
  for (auto expected : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    x.started(now);
    CHECK(x.ended(now += 10ms) == expected);
  }
}

TEST_CASE(
    "a service that ran for the whole time begins with the first delay again") {
  backoff x{{100ms, 1s, 60s}};
  time_point now{1h};
  x.started(now);
  CHECK(x.ended(now) == 100ms);
  x.started(now);
  CHECK(x.ended(now + 60s - 1ns) == 200ms);
  x.started(now);
  CHECK(x.ended(now + 60s) == 100ms);
}

} // namespace backoff_tests
