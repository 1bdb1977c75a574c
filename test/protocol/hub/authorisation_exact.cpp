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
  return x.last_bound().request.generation;
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
  CHECK(is_uncitable(x, {old}, map::uncitable::gone));
  CHECK(is_uncitable(x, {now + 1}, map::uncitable::gone));
  auto result = x.cite("web", {now}, action::deny);
  REQUIRE(std::holds_alternative<map::cited>(result));
  const auto& cited = std::get<map::cited>(result);
  CHECK(cited.request.generation == now);
  CHECK(cited.call.container == "web");
  CHECK(cited.call.dest == "b.org");
  CHECK(cited.call.action == action::deny);
  CHECK(is_uncitable(x, {now}, map::uncitable::in_flight));
  x.settle(cited.id, false);
  CHECK(x.live() == 1);
  result = x.cite("web", {now}, action::allow);
  x.settle(std::get<map::cited>(result).id, true);
  CHECK(is_uncitable(x, {now}, map::uncitable::gone));
}

TEST_CASE("exactly the open request of a generation is closed, if it is live") {
  map x;
  const auto old = announce(x, "r1");
  const auto now = announce(x, "r1");
  CHECK_FALSE(x.close("web", {old}).has_value());
  CHECK_FALSE(x.close("db", {now}).has_value());
  auto result = x.cite("web", {now}, action::allow);
  CHECK_FALSE(x.close("web", {now}).has_value());
  x.settle(std::get<map::cited>(result).id, false);
  CHECK(x.close("web", {now}) == "r1");
  CHECK(x.live() == 0);
  CHECK_FALSE(x.close("web", {now}).has_value());
}

// Open requests are moved together when most are gone: then the place that a
// request_ref names belongs to none, or to another one.
TEST_CASE("an open request is found by its generation, wherever it lies") {
  map x;
  const auto ref_of = [&](const std::string& id, const char* container) {
    x.announce(container, id, "a.org", nullptr);
    return x.last_bound().request;
  };
  std::vector<request_ref> all;
  for (int i = 0; i < 500; ++i)
    all.push_back(ref_of("r" + std::to_string(i), i < 490 ? "db" : "web"));
  auto flying = x.cite("web", all[495], action::allow);
  x.drop("db");
  for (std::size_t i = 490; i < 500; ++i) {
    CAPTURE(i);
    CHECK_FALSE(x.close("db", all[i]).has_value());
    if (i == 495)
      continue;
    auto result = x.cite("web", all[i], action::allow);
    REQUIRE(std::holds_alternative<map::cited>(result));
    const auto& cited = std::get<map::cited>(result);
    CHECK(cited.request_id == "r" + std::to_string(i));
    CHECK(cited.request == all[i]);
    x.settle(cited.id, false);
    // A hint that is wrong in another way.
    auto wrong = all[i];
    wrong.place = all[490].place;
    CHECK(x.close("web", wrong) == "r" + std::to_string(i));
  }
  CHECK(is_uncitable(x, all[495], map::uncitable::in_flight));
  CHECK(is_uncitable(x, all[3], map::uncitable::gone));
  CHECK(is_uncitable(x, {}, map::uncitable::gone));
}

TEST_CASE("whoever watches is told what a bound or a repeated id removes") {
  authorisation_limits limits;
  limits.per_container = 2;
  map x{limits};
  std::vector<std::uint64_t> told;
  x.watch_evictions(
      [&](std::uint64_t generation) { told.push_back(generation); });
  const auto one = announce(x, "r1");
  const auto two = announce(x, "r2");
  announce(x, "r1", "a.org", "db");
  CHECK(told.empty());
  announce(x, "r2");
  REQUIRE(told.size() == 1);
  CHECK(told[0] == two);
  announce(x, "r3");
  REQUIRE(told.size() == 2);
  CHECK(told[1] == one);
  x.drop("web");
  CHECK(told.size() == 2);
}

} // namespace authorisation_exact_tests
