#include "protocol/hub/undelivered_index.hpp"

#include "test/support/wire/test_event.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

namespace undelivered_index_tests {

using namespace clearance;
using namespace clearance::protocol;

namespace {

using numbers = std::vector<std::uint64_t>;

/// An index of the events of open requests numbered 1 to n, each at the place
/// of its number.
struct filled {
  explicit filled(std::uint64_t n) {
    for (std::uint64_t i = 1; i <= n; ++i)
      append(i);
  }

  void append(std::uint64_t number) {
    places.resize(number + 1);
    places[number] = log.append(
        {number, test::make_event(1), 1, static_cast<slot_link>(number)});
  }

  void remove(std::uint64_t number) {
    log.remove(places[number], [this](slot_link request, slot_link place) {
      places[request] = place;
    });
  }

  numbers after(std::uint64_t number) const {
    numbers result;
    log.walk_after(number, [&](const undelivered_index::entry& x) {
      CHECK(x.request == x.number);
      result.push_back(x.number);
      return true;
    });
    return result;
  }

  std::vector<slot_link> places; // in the index, by number
  undelivered_index log;
};

} // namespace

TEST_CASE("the log is walked from any number on") {
  filled x{4};
  CHECK(x.after(0) == numbers{1, 2, 3, 4});
  CHECK(x.after(2) == numbers{3, 4});
  CHECK(x.after(4) == numbers{});
  CHECK(x.after(100) == numbers{});
  x.remove(3);
  CHECK(x.after(2) == numbers{4});
  CHECK(x.after(3) == numbers{4});
}

TEST_CASE("a walk ends when it is told to") {
  filled x{5};
  int visited = 0;
  x.log.walk_after(
      0, [&](const undelivered_index::entry&) { return ++visited < 3; });
  CHECK(visited == 3);
}

TEST_CASE("closing holes loses nobody and keeps the order") {
  filled x{1000};
  numbers expected;
  for (std::uint64_t i = 1; i <= 1000; ++i)
    if (i % 10 == 0)
      expected.push_back(i);
    else
      x.remove(i);
  CHECK(x.after(0) == expected);
  for (std::uint64_t i = 1001; i <= 1010; ++i) {
    x.append(i);
    expected.push_back(i);
  }
  CHECK(x.after(0) == expected);
  CHECK(x.after(995) == numbers(expected.end() - 11, expected.end()));
  for (auto number : expected)
    x.remove(number);
  CHECK(x.log.empty());
  CHECK(x.after(0) == numbers{});
}

TEST_CASE("turns come round to everybody") {
  filled x{10};
  for (int round = 0; round < 3; ++round)
    for (std::uint64_t i = 1; i <= 10; ++i)
      CHECK(x.log.turn()->number == i);
  x.remove(2);
  CHECK(x.log.turn()->number == 1);
  CHECK(x.log.turn() == nullptr); // a hole
  CHECK(x.log.turn()->number == 3);
}

// Else those behind the hand would wait for a turn for ever.
TEST_CASE("closing holes does not begin the turns anew") {
  filled x{400};
  for (int i = 0; i < 300; ++i)
    x.log.turn();
  for (std::uint64_t i = 1; i <= 250; ++i)
    x.remove(i);
  CHECK(x.log.turn()->number == 301);
}

TEST_CASE("a turn never needs more steps than twice those that are left") {
  filled x{5000};
  for (std::uint64_t i = 1; i <= 5000; ++i)
    if (i % 100 != 0)
      x.remove(i);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 2 * 50 + 64; ++i)
    if (auto* y = x.log.turn())
      seen.insert(y->number);
  CHECK(seen.size() == 50);
}

TEST_CASE("an event that leaves is let go") {
  auto event = test::make_event(1);
  undelivered_index log;
  auto place = log.append({1, event, 1, 0});
  CHECK(event.use_count() == 2);
  log.remove(place, [](slot_link, slot_link) {});
  CHECK(event.use_count() == 1);
}

TEST_CASE("events keep to their open requests when those move") {
  undelivered_index log;
  log.append({1, test::make_event(1), 1, 5});
  auto hole = log.append({2, test::make_event(1), 1, 6});
  log.append({3, test::make_event(1), 1, 7});
  log.remove(hole, [](slot_link, slot_link) {});
  std::vector<slot_link> moved(8, no_slot);
  moved[5] = 0;
  moved[7] = 1;
  log.follow(moved);
  std::vector<slot_link> requests;
  log.walk_after(0, [&](const undelivered_index::entry& x) {
    requests.push_back(x.request);
    return true;
  });
  CHECK(requests == std::vector<slot_link>{0, 1});
}

} // namespace undelivered_index_tests
