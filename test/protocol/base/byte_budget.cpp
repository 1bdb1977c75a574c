#include "protocol/base/byte_budget.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>

namespace byte_budget_tests {

using namespace clearance::protocol;

TEST_CASE("a budget of n bytes gives n, and not n + 1") {
  const auto budget = std::make_shared<byte_budget>(100);
  byte_charge a{budget};
  byte_charge b{budget};
  CHECK(a.try_hold(60));
  CHECK_FALSE(b.try_hold(41));
  CHECK(b.bytes() == 0);
  CHECK(budget->held() == 60);
  CHECK(b.try_hold(40));
  CHECK(budget->held() == 100);
  CHECK_FALSE(budget->has_room(1));
  CHECK(budget->has_room(0));
  CHECK_FALSE(a.try_hold(61));
  CHECK(a.bytes() == 60);
  CHECK(budget->denied() == 2);
}

TEST_CASE("bytes that a holder gives back, or held when it ended, are free for "
          "others") {
  const auto budget = std::make_shared<byte_budget>(100);
  {
    byte_charge a{budget};
    CHECK(a.try_hold(100));
    CHECK(a.try_hold(30)); // a charge may always be reduced
    CHECK(budget->held() == 30);
    byte_charge b{std::move(a)};
    CHECK(budget->held() == 30);
    b = byte_charge{budget};
    CHECK(budget->held() == 0);
    CHECK(b.try_hold(1));
  }
  CHECK(budget->held() == 0);
  CHECK(budget->denied() == 0);
}

TEST_CASE("bytes that are in use already are counted even beyond the limit") {
  const auto budget = std::make_shared<byte_budget>(100);
  byte_charge a{budget};
  a.settle(150);
  CHECK(budget->held() == 150);
  CHECK_FALSE(budget->has_room(0));
  byte_charge b{budget};
  CHECK_FALSE(b.try_hold(1));
  CHECK(b.try_hold(0));
  a.settle(99);
  CHECK(b.try_hold(1));
}

TEST_CASE("a part cannot hold more than the whole budget has") {
  const auto whole = std::make_shared<byte_budget>(100);
  const auto one = std::make_shared<byte_budget>(80, whole);
  const auto other = std::make_shared<byte_budget>(80, whole);
  byte_charge a{one};
  byte_charge b{other};
  CHECK_FALSE(a.try_hold(81));
  CHECK(a.try_hold(80));
  CHECK_FALSE(b.try_hold(21));
  CHECK(b.try_hold(20));
  CHECK(whole->held() == 100);
  a.settle(0);
  CHECK(b.try_hold(80));
  CHECK(whole->held() == 80);
}

TEST_CASE("without a budget nothing is denied") {
  byte_charge x;
  CHECK(x.try_hold(SIZE_MAX));
  x.settle(7);
  CHECK(x.bytes() == 0);
}

} // namespace byte_budget_tests
