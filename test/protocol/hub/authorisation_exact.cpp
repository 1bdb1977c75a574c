// What operators ask of the map: exactly one open request, by its generation.

#include "protocol/hub/authorisation.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace authorisation_exact_tests {

using namespace clearance::protocol;
using map = authorisation_map;

namespace {

std::uint64_t announce(map& x, const char* id, const char* target = "a.org",
                       const char* container = "web") {
  x.announce(container, id, target, nullptr);
  return x.last_generation();
}

bool is_uncitable(map& x, const request_ref& request, map::uncitable why) {
  auto result = x.cite("web", request, action::allow);
  auto* got = std::get_if<map::uncitable>(&result);
  return got != nullptr && *got == why;
}

} // namespace

TEST_CASE("each open request has a generation, and generations grow") {
  map x;
  const auto one = announce(x, "r1");
  const auto two = announce(x, "r2");
  const auto again = announce(x, "r1");
  CHECK(one > 0);
  CHECK(two > one);
  CHECK(again > two);
  // A block without an id makes none.
  CHECK(announce(x, "") == 0);
}

TEST_CASE("a block that gets no room has no generation") {
  authorisation_limits limits;
  limits.per_container_bytes = 10;
  map x{limits};
  CHECK(announce(x, "r1") == 0);
}

TEST_CASE("exactly the open request of a generation is cited") {
  map x;
  const auto old = announce(x, "r1", "a.org");
  const auto now = announce(x, "r1", "b.org");
  CHECK(is_uncitable(x, {"r1", old}, map::uncitable::gone));
  CHECK(is_uncitable(x, {"r2", now}, map::uncitable::gone));
  auto result = x.cite("web", {"r1", now}, action::deny);
  REQUIRE(std::holds_alternative<map::cited>(result));
  const auto& cited = std::get<map::cited>(result);
  CHECK(cited.generation == now);
  CHECK(cited.call.container == "web");
  CHECK(cited.call.dest == "b.org");
  CHECK(cited.call.action == action::deny);
  CHECK(is_uncitable(x, {"r1", now}, map::uncitable::in_flight));
  x.settle(cited.id, false);
  CHECK(x.live() == 1);
  result = x.cite("web", {"r1", now}, action::allow);
  x.settle(std::get<map::cited>(result).id, true);
  CHECK(is_uncitable(x, {"r1", now}, map::uncitable::gone));
}

TEST_CASE("exactly the open request of a generation is closed, if it is live") {
  map x;
  const auto old = announce(x, "r1");
  const auto now = announce(x, "r1");
  CHECK_FALSE(x.close("web", {"r1", old}));
  CHECK_FALSE(x.close("db", {"r1", now}));
  auto result = x.cite("web", {"r1", now}, action::allow);
  CHECK_FALSE(x.close("web", {"r1", now}));
  x.settle(std::get<map::cited>(result).id, false);
  CHECK(x.close("web", {"r1", now}));
  CHECK(x.live() == 0);
  CHECK_FALSE(x.close("web", {"r1", now}));
}

TEST_CASE("whoever watches is told what a bound or a repeated id removes") {
  authorisation_limits limits;
  limits.per_container = 2;
  map x{limits};
  std::vector<std::pair<std::string, std::uint64_t>> told;
  x.watch_evictions([&](std::string_view id, std::uint64_t generation) {
    told.emplace_back(id, generation);
  });
  using pair = std::pair<std::string, std::uint64_t>;
  const auto one = announce(x, "r1");
  const auto two = announce(x, "r2");
  announce(x, "r1", "a.org", "db");
  CHECK(told.empty());
  announce(x, "r2");
  REQUIRE(told.size() == 1);
  CHECK(told[0] == pair{"r2", two});
  announce(x, "r3");
  REQUIRE(told.size() == 2);
  CHECK(told[1] == pair{"r1", one});
  x.drop("web");
  CHECK(told.size() == 2);
}

} // namespace authorisation_exact_tests
