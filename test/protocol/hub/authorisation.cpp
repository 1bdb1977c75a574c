#include "protocol/hub/authorisation.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace authorisation_tests {

using namespace clearance::protocol;

namespace {

using kind = verdict_outcome::kind;
using ticket = authorisation_map::ticket;

/// The ticket of a citation that must succeed.
ticket cite(authorisation_map& map, std::string_view container,
            std::string_view request_id, std::string_view dest) {
  auto x = map.cite(container, request_id, dest, "allow");
  REQUIRE(std::holds_alternative<authorisation_map::cited>(x));
  return std::get<authorisation_map::cited>(x).id;
}

/// The refusal of a citation that must fail.
verdict_outcome refusal_of(authorisation_map& map, std::string_view container,
                           std::string_view request_id, std::string_view dest,
                           std::string_view action = "allow") {
  auto x = map.cite(container, request_id, dest, action);
  REQUIRE(std::holds_alternative<verdict_outcome>(x));
  return std::get<verdict_outcome>(x);
}

verdict_outcome unknown(std::string request_id) {
  return {kind::unknown_request, {std::move(request_id)}};
}

verdict_outcome mismatch(std::vector<std::string> fields) {
  return {kind::verdict_tuple_mismatch, std::move(fields)};
}

} // namespace

TEST_CASE("an announced block can be cited at once") {
  authorisation_map map;
  CHECK(map.announce("c", "r", "example.org", nullptr) == 0);
  CHECK(map.live() == 1);
  CHECK(map.sequence() == 1);
  auto x = map.cite("c", "r", "example.org", "deny");
  REQUIRE(std::holds_alternative<authorisation_map::cited>(x));
  const auto& call = std::get<authorisation_map::cited>(x).call;
  CHECK(call.action == action::deny);
  CHECK(call.container == "c");
  CHECK(call.dest == "example.org");
  CHECK(map.live() == 0);
  CHECK(map.in_flight() == 1);
}

TEST_CASE("a block without a request_id binds nothing") {
  authorisation_map map;
  CHECK(map.announce("c", "", "d", nullptr) == 0);
  CHECK(map.live() == 0);
  CHECK(map.sequence() == 0);
  CHECK(map.containers() == 0);
  CHECK((refusal_of(map, "c", "", "d") == unknown("")));
}

TEST_CASE("an action that is none is refused before anything is looked up") {
  authorisation_map map;
  map.announce("c", "r", "d", nullptr);
  for (std::string word : {"", "Allow", "block", "allow\n"})
    for (auto id : {"r", "other"})
      CHECK((refusal_of(map, "x", id, "y", word)
             == verdict_outcome{kind::invalid_action, {word}}));
  CHECK(map.live() == 1);
}

TEST_CASE("an id that nobody has is unknown") {
  authorisation_map map;
  map.announce("c", "r", "d", nullptr);
  CHECK((refusal_of(map, "c", "R", "d") == unknown("R")));
  CHECK((refusal_of(map, "other", "", "d") == unknown("")));
}

TEST_CASE("the wrong destination is a mismatch, and the binding stays") {
  authorisation_map map;
  map.announce("c", "r", "d", nullptr);
  for (std::string dest : {"", "D", "d ", "e"})
    CHECK((refusal_of(map, "c", "r", dest) == mismatch({"c", "d", "c", dest})));
  cite(map, "c", "r", "d");
}

TEST_CASE("an id that is another container's alone is a mismatch") {
  authorisation_map map;
  map.announce("a", "r", "d", nullptr);
  CHECK((refusal_of(map, "b", "r", "d") == mismatch({"a", "d", "b", "d"})));
  CHECK((refusal_of(map, "", "r", "e") == mismatch({"a", "d", "", "e"})));
  CHECK(map.live() == 1);
}

TEST_CASE("of several other containers the newest live one is named") {
  authorisation_map map;
  map.announce("a", "r", "1", nullptr);
  map.announce("b", "r", "2", nullptr);
  map.announce("c", "r", "3", nullptr);
  CHECK((refusal_of(map, "x", "r", "d") == mismatch({"c", "3", "x", "d"})));
  auto in_flight = cite(map, "c", "r", "3");
  CHECK((refusal_of(map, "x", "r", "d") == mismatch({"b", "2", "x", "d"})));
  map.settle(in_flight, false);
  CHECK((refusal_of(map, "x", "r", "d") == mismatch({"c", "3", "x", "d"})));
  map.announce("a", "r", "4", nullptr);
  CHECK((refusal_of(map, "x", "r", "d") == mismatch({"a", "4", "x", "d"})));
  map.drop("a");
  map.drop("b");
  map.drop("c");
  CHECK((refusal_of(map, "x", "r", "d") == unknown("r")));
}

TEST_CASE("an id that others have only in flight is unknown") {
  authorisation_map map;
  map.announce("a", "r", "1", nullptr);
  map.announce("b", "r", "2", nullptr);
  cite(map, "a", "r", "1");
  cite(map, "b", "r", "2");
  CHECK((refusal_of(map, "x", "r", "1") == unknown("r")));
}

// An operator's double click must not be told about another container, nor
// learn whether the destination was right.
TEST_CASE("a second verdict on one in flight is unknown, whatever it cites") {
  authorisation_map map;
  map.announce("a", "r", "d", nullptr);
  map.announce("b", "r", "d", nullptr);
  cite(map, "a", "r", "d");
  CHECK((refusal_of(map, "a", "r", "d") == unknown("r")));
  CHECK((refusal_of(map, "a", "r", "wrong") == unknown("r")));
  cite(map, "b", "r", "d");
}

TEST_CASE("success consumes a binding") {
  authorisation_map map;
  map.announce("c", "r", "d", nullptr);
  map.settle(cite(map, "c", "r", "d"), true);
  CHECK(map.live() == 0);
  CHECK(map.in_flight() == 0);
  CHECK(map.containers() == 0);
  CHECK(map.bytes() == 0);
  CHECK((refusal_of(map, "c", "r", "d") == unknown("r")));
}

TEST_CASE("failure makes a binding live again, so that a retry works") {
  authorisation_map map;
  map.announce("c", "r", "d", nullptr);
  for (int i = 0; i < 3; ++i)
    map.settle(cite(map, "c", "r", "d"), false);
  CHECK(map.live() == 1);
  map.settle(cite(map, "c", "r", "d"), true);
  CHECK(map.live() == 0);
}

TEST_CASE("a ticket settles once, and an unknown one settles nothing") {
  authorisation_map map;
  map.announce("c", "r", "d", nullptr);
  auto first = cite(map, "c", "r", "d");
  map.settle(first, false);
  auto second = cite(map, "c", "r", "d");
  CHECK(second != first);
  map.settle(first, true);
  map.settle(first, false);
  map.settle(second + 1, true);
  map.settle(0, true);
  CHECK(map.in_flight() == 1);
  map.settle(second, true);
  CHECK(map.in_flight() == 0);
  map.settle(second, false);
  CHECK(map.live() == 0);
}

// The reference revives a dead container's binding.
TEST_CASE("a failed verdict does not bring back what was dropped meanwhile") {
  authorisation_map map;
  map.announce("c", "r", "d", nullptr);
  auto id = cite(map, "c", "r", "d");
  CHECK(map.drop("c") == 0); // none of it was live
  CHECK(map.in_flight() == 0);
  map.settle(id, false);
  CHECK(map.live() == 0);
  CHECK((refusal_of(map, "c", "r", "d") == unknown("r")));
}

TEST_CASE("a late verdict does not touch what came after a drop") {
  for (bool ok : {false, true}) {
    authorisation_map map;
    map.announce("c", "r", "old", nullptr);
    auto id = cite(map, "c", "r", "old");
    map.drop("c");
    map.announce("c", "r", "new", nullptr);
    map.settle(id, ok);
    CHECK(map.live() == 1);
    cite(map, "c", "r", "new");
  }
}

TEST_CASE("a late verdict does not touch a newer block of the same id") {
  for (bool ok : {false, true}) {
    authorisation_map map;
    map.announce("c", "r", "old", nullptr);
    auto old = cite(map, "c", "r", "old");
    map.announce("c", "r", "new", nullptr);
    CHECK(map.in_flight() == 0);
    SUBCASE("live") {
      map.settle(old, ok);
      CHECK(map.live() == 1);
      cite(map, "c", "r", "new");
    }
    SUBCASE("in flight itself") {
      auto newer = cite(map, "c", "r", "new");
      map.settle(old, ok);
      CHECK(map.in_flight() == 1);
      map.settle(newer, false);
      CHECK(map.live() == 1);
    }
  }
}

TEST_CASE("a repeated id of a container replaces its target") {
  authorisation_map map;
  map.announce("c", "r", "old", nullptr);
  CHECK(map.announce("c", "r", "new", nullptr) == 0);
  CHECK(map.live() == 1);
  CHECK(map.sequence() == 2);
  CHECK(
      (refusal_of(map, "c", "r", "old") == mismatch({"c", "new", "c", "old"})));
  cite(map, "c", "r", "new");
}

// The reference keys by id alone: one container's block takes another's place.
TEST_CASE("containers with the same ids do not touch each other's") {
  authorisation_map map;
  map.announce("a", "r", "1", nullptr);
  map.announce("b", "r", "2", nullptr);
  CHECK(map.live() == 2);
  CHECK(map.containers() == 2);
  map.settle(cite(map, "a", "r", "1"), true);
  CHECK((refusal_of(map, "a", "r", "1") == mismatch({"b", "2", "a", "1"})));
  cite(map, "b", "r", "2");
}

TEST_CASE("container and id are two texts, not one") {
  authorisation_map map;
  map.announce("ab", "c", "1", nullptr);
  map.announce("a", "bc", "2", nullptr);
  map.announce("c", "ab", "3", nullptr);
  CHECK(map.live() == 3);
  cite(map, "ab", "c", "1");
  cite(map, "a", "bc", "2");
  cite(map, "c", "ab", "3");
}

TEST_CASE("a drop takes all of one container's and nobody else's") {
  authorisation_map map;
  for (int i = 0; i < 10; ++i)
    for (auto container : {"a", "b"})
      map.announce(container, std::to_string(i), "d", nullptr);
  cite(map, "a", "3", "d");
  CHECK(map.drop("a") == 9);
  CHECK(map.drop("a") == 0);
  CHECK(map.drop("nobody") == 0);
  CHECK(map.live() == 10);
  CHECK(map.in_flight() == 0);
  CHECK(map.containers() == 1);
  for (int i = 0; i < 10; ++i)
    cite(map, "b", std::to_string(i), "d");
}

// Ids that count from one in every container: a list walked by each block or
// verdict would make this quadratic, a minute instead of a blink. Only a
// verdict that is refused asks all containers, so there are few of these.
TEST_CASE("thousands of containers may use the same id") {
  authorisation_map map;
  constexpr int n = 30000;
  for (int i = 0; i < n; ++i)
    map.announce(std::to_string(i), "1", "d", nullptr);
  CHECK(map.containers() == n);
  for (int i = 0; i < 100; ++i)
    CHECK((refusal_of(map, "x", "1", "d")
           == mismatch({std::to_string(n - 1), "d", "x", "d"})));
  for (int i = 0; i < n; i += 2)
    map.settle(cite(map, std::to_string(i), "1", "d"), true);
  for (int i = 1; i < n; i += 2)
    CHECK(map.drop(std::to_string(i)) == 1);
  CHECK(map.bytes() == 0);
  CHECK((refusal_of(map, "x", "1", "d") == unknown("1")));
}

} // namespace authorisation_tests
