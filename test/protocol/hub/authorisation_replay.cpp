#include "protocol/hub/authorisation.hpp"
#include "test/support/wire/test_event.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace authorisation_replay_tests {

using namespace clearance::protocol;
using clearance::test::make_event;
using clearance::test::test_event;
using clearance::test::test_event_ptr;

namespace {

constexpr auto any = std::numeric_limits<std::size_t>::max();

/// A map of n open requests of two containers in turn; events are named 1 to n,
/// as their announcements are numbered.
struct filled {
  explicit filled(int n) {
    for (int i = 1; i <= n; ++i)
      announce(i);
  }

  void announce(int i) {
    events.push_back(make_event(1, i));
    map.announce(i % 2 == 0 ? "even" : "odd", std::to_string(i), "d",
                 events.back());
  }

  authorisation_map::ticket cite(int i) {
    auto x =
        map.cite(i % 2 == 0 ? "even" : "odd", std::to_string(i), "d", "allow");
    return std::get<authorisation_map::cited>(x).id;
  }

  authorisation_map map;
  std::vector<test_event_ptr> events;
};

std::vector<int> names(const authorisation_map::page& x) {
  std::vector<int> result;
  for (const auto& event : x.events)
    result.push_back(dynamic_cast<const test_event&>(*event).name());
  return result;
}

using ints = std::vector<int>;

} // namespace

TEST_CASE("an empty map has nothing to draw") {
  authorisation_map map;
  auto x = map.next_page(0, map.sequence(), any, any);
  CHECK(x.events.empty());
  CHECK(x.done);
  CHECK(map.next_page(0, map.sequence(), 0, any).done);
}

TEST_CASE("blocks are drawn oldest first, whosever they are") {
  filled x{5};
  auto y = x.map.next_page(0, x.map.sequence(), any, any);
  CHECK(names(y) == ints{1, 2, 3, 4, 5});
  CHECK(y.done);
}

TEST_CASE("a client draws a few at a time and is told when that was all") {
  filled x{5};
  auto y = x.map.next_page(0, 5, 2, any);
  CHECK(names(y) == ints{1, 2});
  CHECK_FALSE(y.done);
  y = x.map.next_page(y.cursor, 5, 2, any);
  CHECK(names(y) == ints{3, 4});
  CHECK_FALSE(y.done);
  y = x.map.next_page(y.cursor, 5, 2, any);
  CHECK(names(y) == ints{5});
  CHECK(y.done);
  y = x.map.next_page(y.cursor, 5, 2, any);
  CHECK(names(y).empty());
  CHECK(y.done);
}

TEST_CASE("a draw that takes exactly the last one says so at once") {
  filled x{4};
  auto y = x.map.next_page(0, 4, 2, any);
  CHECK_FALSE(y.done);
  y = x.map.next_page(y.cursor, 4, 2, any);
  CHECK(names(y) == ints{3, 4});
  CHECK(y.done);
  CHECK_FALSE(x.map.next_page(0, 4, 0, any).done);
}

// Large blocks: what a client is in the middle of is bounded in bytes, too.
TEST_CASE("a draw ends with the event that brings it to so many bytes") {
  filled x{5}; // of a byte each
  auto y = x.map.next_page(0, 5, any, 2);
  CHECK(names(y) == ints{1, 2});
  CHECK_FALSE(y.done);
  y = x.map.next_page(y.cursor, 5, any, 3);
  CHECK(names(y) == ints{3, 4, 5});
  CHECK(y.done);
  CHECK(x.map.next_page(0, 5, any, 0).events.empty());
}

// What is announced after a client subscribed reaches it as an event; drawing
// it as well would show it twice.
TEST_CASE("nothing newer than asked for is drawn") {
  filled x{3};
  auto until = x.map.sequence();
  x.announce(4);
  auto y = x.map.next_page(0, until, any, any);
  CHECK(names(y) == ints{1, 2, 3});
  CHECK(y.done);
  CHECK(names(x.map.next_page(y.cursor, x.map.sequence(), any, any))
        == ints{4});
}

TEST_CASE("blocks that were handed or are answered are left out") {
  filled x{6};
  x.events[1]->hand();
  auto in_flight = x.cite(3);
  x.map.settle(x.cite(4), true);
  CHECK(names(x.map.next_page(0, 6, any, any)) == ints{1, 5, 6});
  x.map.settle(in_flight, false);
  CHECK(names(x.map.next_page(0, 6, any, any)) == ints{1, 3, 5, 6});
  x.map.drop("odd");
  CHECK(names(x.map.next_page(0, 6, any, any)) == ints{6});
}

TEST_CASE("what is left out does not count as something left") {
  filled x{4};
  x.events[2]->hand();
  x.cite(4);
  auto y = x.map.next_page(0, 4, 2, any);
  CHECK(names(y) == ints{1, 2});
  CHECK(y.done);
}

TEST_CASE("a block announced again is drawn once, at its new place") {
  filled x{3};
  x.events.push_back(make_event(1, 4));
  x.map.announce("odd", "1", "d", x.events.back());
  CHECK(names(x.map.next_page(0, x.map.sequence(), any, any)) == ints{2, 3, 4});
}

TEST_CASE("a block without a event is not drawn") {
  authorisation_map map;
  map.announce("c", "1", "d", nullptr);
  map.announce("c", "2", "d", make_event(1, 2));
  CHECK(names(map.next_page(0, 2, any, any)) == ints{2});
}

TEST_CASE("what goes between two draws is not drawn, and nothing is missed") {
  filled x{1000};
  ints seen;
  std::uint64_t cursor = 0;
  for (bool done = false; !done;) {
    auto y = x.map.next_page(cursor, 1000, 7, any);
    for (auto name : names(y)) {
      seen.push_back(name);
      x.events[static_cast<std::size_t>(name) - 1]->hand();
    }
    cursor = y.cursor;
    done = y.done;
    // New blocks and old ones' ends move everything that the map keeps.
    x.announce(static_cast<int>(x.events.size()) + 1);
    if (cursor + 100 < 1000 && cursor % 2 == 0)
      x.map.settle(x.cite(static_cast<int>(cursor) + 100), true);
  }
  for (std::size_t i = 1; i < seen.size(); ++i)
    CHECK(seen[i - 1] < seen[i]);
  for (int i = 1; i <= 100; ++i)
    CHECK(std::count(seen.begin(), seen.end(), i) == 1);
  CHECK(seen.back() == 1000);
}

// A hub whose backlog was replayed may be idle from then on.
TEST_CASE("a whole replay leaves the map almost free of events") {
  authorisation_map map;
  auto before = test_event::count();
  for (int i = 0; i < 10000; ++i)
    map.announce(std::to_string(i % 7), std::to_string(i), "d",
                 make_event(400));
  CHECK(test_event::count() - before == 10000);
  std::uint64_t cursor = 0;
  for (bool done = false; !done;) {
    auto x = map.next_page(cursor, map.sequence(), 64, any);
    for (const auto& event : x.events)
      std::const_pointer_cast<test_event>(
          std::dynamic_pointer_cast<const test_event>(event))
          ->hand();
    cursor = x.cursor;
    done = x.done;
  }
  CHECK(test_event::count() - before <= 64);
  CHECK(map.live() == 10000);
  map.next_page(cursor, map.sequence(), 64, any);
  CHECK(test_event::count() == before);
}

} // namespace authorisation_replay_tests
