#include "protocol/hub/authorisation.hpp"
#include "test/support/wire/test_event.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>

namespace authorisation_bounds_tests {

using namespace clearance::protocol;
using clearance::test::make_event;
using clearance::test::test_event;

namespace {

using ticket = authorisation_map::ticket;

/// The ticket, or 0 for a refusal.
ticket cite(authorisation_map& map, std::string_view container,
            std::string_view request_id) {
  auto x = map.cite(container, request_id, "d", "allow");
  auto* cited = std::get_if<authorisation_map::cited>(&x);
  return cited == nullptr ? 0 : cited->id;
}

std::size_t announce(authorisation_map& map, std::string_view container,
                     std::string_view request_id,
                     undelivered_event_ptr event = nullptr) {
  return map.announce(container, request_id, "d", std::move(event));
}

/// What one binding of these texts is charged without a event.
std::size_t charge(std::string_view container, std::string_view request_id) {
  authorisation_map map;
  announce(map, container, request_id);
  return map.bytes();
}

} // namespace

TEST_CASE("a container's open requests may reach its bound and no further") {
  authorisation_map map{{.per_container = 3}};
  for (auto id : {"1", "2", "3"})
    CHECK(announce(map, "a", id) == 0);
  CHECK(announce(map, "a", "4") == 1);
  CHECK(map.live() == 3);
  CHECK(map.evicted() == 1);
  CHECK(cite(map, "a", "1") == 0);
  for (auto id : {"2", "3", "4"})
    CHECK(cite(map, "a", id) != 0);
}

TEST_CASE("replacing a binding is no eviction") {
  authorisation_map map{{.per_container = 2}};
  announce(map, "a", "1");
  announce(map, "a", "2");
  CHECK(announce(map, "a", "1") == 0);
  CHECK(map.evicted() == 0);
  CHECK(announce(map, "a", "3") == 1); // 2 is the oldest now
  CHECK(cite(map, "a", "2") == 0);
  CHECK(cite(map, "a", "1") != 0);
}

TEST_CASE("at the total bound the container that announces gives up its own") {
  authorisation_map map{{.total = 4}};
  announce(map, "a", "1");
  announce(map, "b", "1");
  announce(map, "b", "2");
  announce(map, "a", "2");
  CHECK(map.evicted() == 0);
  CHECK(announce(map, "b", "3") == 1);
  CHECK(cite(map, "b", "1") == 0);
  CHECK(cite(map, "a", "1") != 0); // older, and not b's to give
}

TEST_CASE("at the total bound a container that has none gets none") {
  authorisation_map map{{.total = 2}};
  announce(map, "a", "1");
  announce(map, "a", "2");
  CHECK(announce(map, "b", "1") == 1);
  CHECK(map.evicted() == 1);
  CHECK(map.containers() == 1);
  CHECK(cite(map, "b", "1") == 0);
  CHECK(cite(map, "a", "1") != 0);
  CHECK(cite(map, "a", "2") != 0);
}

// A flood from one container must not silence the others.
TEST_CASE("no number of announcements pushes out another container's") {
  authorisation_map map;
  announce(map, "victim", "1", make_event(100));
  auto in_flight = cite(map, "victim", "1");
  announce(map, "victim", "2", make_event(100));
  for (int i = 0; i < 100000; ++i)
    announce(map, i % 3 == 0 ? "x" : std::to_string(i % 5000),
             std::to_string(i), make_event(700));
  CHECK(map.evicted() > 0);
  map.settle(in_flight, false);
  CHECK(cite(map, "victim", "1") != 0);
  CHECK(cite(map, "victim", "2") != 0);
}

TEST_CASE("a container's bytes may reach its bound and no further") {
  auto each = charge("a", "1") + 10;
  authorisation_map map{{.per_container_bytes = 3 * each}};
  for (auto id : {"1", "2", "3"})
    CHECK(announce(map, "a", id, make_event(10)) == 0);
  CHECK(map.bytes() == 3 * each);
  CHECK(announce(map, "a", "4", make_event(10)) == 1);
  CHECK(map.bytes() == 3 * each);
  CHECK(announce(map, "a", "5", make_event(11)) == 2);
  CHECK(map.bytes() == 2 * each + 1);
  CHECK(map.live() == 2);
  CHECK(announce(map, "b", "1", make_event(10)) == 0);
}

TEST_CASE("every text is charged") {
  CHECK(charge("a", "1") + 3 == charge("aa", "111"));
  authorisation_map map;
  map.announce("a", "1", "", nullptr);
  auto before = map.bytes();
  map.announce("a", "1", "0123456789", nullptr);
  CHECK(map.bytes() == before + 10);
  CHECK(map.drop("a") == 1);
  CHECK(map.bytes() == 0);
}

TEST_CASE("all bytes may reach their bound and no further") {
  auto each = charge("a", "1");
  authorisation_map map{{.total_bytes = 3 * each}};
  announce(map, "a", "1");
  announce(map, "b", "1");
  announce(map, "b", "2");
  CHECK(map.bytes() == 3 * each);
  CHECK(announce(map, "c", "1") == 1); // has none to give
  CHECK(announce(map, "b", "3") == 1);
  CHECK(cite(map, "b", "1") == 0);
  CHECK(map.evicted() == 2);
  CHECK(map.bytes() == 3 * each);
}

TEST_CASE("a binding that no eviction makes room for costs no other one") {
  auto each = charge("a", "1");
  authorisation_map map{
      {.per_container_bytes = 4 * each, .total_bytes = 5 * each}};
  announce(map, "b", "1");
  announce(map, "b", "2");
  announce(map, "a", "1");
  announce(map, "a", "2");
  CHECK(announce(map, "a", "3", make_event(3 * each + 1)) == 1);
  CHECK(announce(map, "a", "4", make_event(2 * each + 1)) == 1);
  CHECK(map.live() == 4);
  CHECK(announce(map, "a", "5", make_event(2 * each)) == 2);
  CHECK(map.live() == 3);
  CHECK(map.bytes() == 5 * each);
}

// Else the old target could be approved under an id whose event shows another.
TEST_CASE("a block that gets no room still ends the older one of its id") {
  auto each = charge("a", "1");
  authorisation_map map{{.per_container_bytes = 2 * each}};
  announce(map, "a", "1");
  CHECK(announce(map, "a", "1", make_event(2 * each)) == 1);
  CHECK(cite(map, "a", "1") == 0);
  CHECK(map.containers() == 0);
  CHECK(map.bytes() == 0);
}

TEST_CASE("a map without room binds nothing and says so") {
  authorisation_map none{{.per_container = 0}};
  CHECK(announce(none, "a", "1") == 1);
  authorisation_map no_total{{.total = 0}};
  CHECK(announce(no_total, "a", "1") == 1);
  authorisation_map no_bytes{{.total_bytes = charge("a", "1") - 1}};
  CHECK(announce(no_bytes, "a", "1") == 1);
  for (auto* map : {&none, &no_total, &no_bytes}) {
    CHECK(map->live() == 0);
    CHECK(map->containers() == 0);
    CHECK(map->evicted() == 1);
    CHECK(map->sequence() == 1);
  }
}

TEST_CASE("live open requests go before one in flight, which a retry needs") {
  authorisation_map map{{.per_container = 3}};
  announce(map, "a", "1");
  auto first = cite(map, "a", "1");
  announce(map, "a", "2");
  announce(map, "a", "3");
  CHECK(announce(map, "a", "4") == 1);
  CHECK(map.in_flight() == 1);
  map.settle(first, false);
  CHECK(cite(map, "a", "1") != 0);
  CHECK(cite(map, "a", "2") == 0);
}

TEST_CASE("where all are in flight the oldest goes, and stays away") {
  authorisation_map map{{.per_container = 2}};
  announce(map, "a", "1");
  announce(map, "a", "2");
  auto second = cite(map, "a", "2");
  auto first = cite(map, "a", "1");
  CHECK(announce(map, "a", "3") == 1);
  CHECK(map.in_flight() == 1);
  map.settle(first, false);
  CHECK(cite(map, "a", "1") == 0);
  map.settle(second, false);
  CHECK(cite(map, "a", "2") != 0);
}

TEST_CASE("one that was passed over in flight is the oldest when it is back") {
  authorisation_map map{{.per_container = 3}};
  for (auto id : {"1", "2", "3"})
    announce(map, "a", id);
  auto first = cite(map, "a", "1");
  auto second = cite(map, "a", "2");
  announce(map, "a", "4"); // 3 goes, 1 and 2 are passed over
  map.settle(second, false);
  map.settle(first, false);
  announce(map, "a", "5");
  CHECK(cite(map, "a", "1") == 0);
  announce(map, "a", "6");
  CHECK(cite(map, "a", "2") == 0);
  announce(map, "a", "7");
  CHECK(cite(map, "a", "4") == 0);
}

TEST_CASE("a binding that came back is as old as it was") {
  authorisation_map map{{.per_container = 3}};
  for (auto id : {"1", "2", "3"})
    announce(map, "a", id);
  auto oldest = cite(map, "a", "1");
  auto middle = cite(map, "a", "2");
  map.settle(oldest, false);
  map.settle(middle, false);
  announce(map, "a", "4");
  CHECK(cite(map, "a", "1") == 0);
  announce(map, "a", "5");
  CHECK(cite(map, "a", "2") == 0);
  CHECK(cite(map, "a", "3") != 0);
}

TEST_CASE("the bound holds whatever is in flight") {
  authorisation_map map{{.per_container = 8, .total = 16}};
  for (int i = 0; i < 1000; ++i) {
    auto container = std::to_string(i % 3);
    announce(map, container, std::to_string(i));
    if (i % 2 == 0)
      cite(map, container, std::to_string(i));
    CHECK(map.live() + map.in_flight() <= 16);
  }
}

TEST_CASE("the defaults are the limits") {
  authorisation_map map;
  for (std::size_t i = 0; i < limits::open_requests_per_container_max; ++i)
    CHECK(announce(map, "a", std::to_string(i)) == 0);
  CHECK(announce(map, "a", "x") == 1);
  CHECK(map.live() == limits::open_requests_per_container_max);
}

TEST_CASE("a event is charged until it is handed, then let go") {
  authorisation_map map;
  auto event = make_event(1000);
  announce(map, "a", "1", event);
  CHECK(map.bytes() == charge("a", "1") + 1000);
  CHECK(event.use_count() == 2);
  event->hand();
  announce(map, "b", "1"); // any change asks
  CHECK(event.use_count() == 1);
  CHECK(map.bytes() == charge("a", "1") + charge("b", "1"));
  CHECK(cite(map, "a", "1") != 0);
}

TEST_CASE("a event that was handed before costs nothing") {
  authorisation_map map;
  auto event = make_event(1000);
  event->hand();
  announce(map, "a", "1", event);
  CHECK(event.use_count() == 1);
  CHECK(map.bytes() == charge("a", "1"));
}

TEST_CASE("a event is let go with its binding") {
  authorisation_map map;
  for (auto end : {"replaced", "dropped", "consumed"}) {
    auto event = make_event(1000);
    announce(map, "a", "1", event);
    if (end == std::string{"replaced"})
      announce(map, "a", "1");
    else if (end == std::string{"dropped"})
      map.drop("a");
    else
      map.settle(cite(map, "a", "1"), true);
    CHECK_MESSAGE(event.use_count() == 1, end);
    map.drop("a");
    CHECK(map.bytes() == 0);
  }
}

TEST_CASE("bytes that were handed make room where it is short") {
  auto each = charge("a", "10") + 1000;
  authorisation_map map{{.per_container_bytes = 50 * each}};
  std::vector<clearance::test::test_event_ptr> events;
  for (int i = 10; i < 60; ++i) {
    events.push_back(make_event(1000));
    CHECK(announce(map, "a", std::to_string(i), events.back()) == 0);
  }
  for (auto& x : events)
    x->hand();
  CHECK(announce(map, "a", "60", make_event(1000)) == 0);
  CHECK(announce(map, "a", "61", make_event(20000)) == 0);
  CHECK(map.evicted() == 0);
}

// Clients that read keep the map small, whatever the number of events.
TEST_CASE("a hundred thousand events that were handed are not kept") {
  authorisation_map map;
  auto before = test_event::count();
  std::size_t most = 0;
  for (int i = 0; i < 100000; ++i) {
    auto event = make_event(400);
    announce(map, "a", std::to_string(i), event);
    event->hand();
    most = std::max(most, test_event::count() - before);
  }
  CHECK(most < 8);
  CHECK(map.live() == limits::open_requests_per_container_max);
}

TEST_CASE("events handed in one go are let go by the announcements after") {
  authorisation_map map;
  auto before = test_event::count();
  {
    std::vector<clearance::test::test_event_ptr> events;
    for (int i = 0; i < 2000; ++i) {
      events.push_back(make_event(400));
      announce(map, "a", std::to_string(i), events.back());
    }
    for (auto& x : events)
      x->hand();
  }
  CHECK(test_event::count() - before == 2000);
  for (int i = 0; i < 2000; ++i)
    announce(map, "b", std::to_string(i % 10));
  CHECK(test_event::count() == before);
  CHECK(map.live() == 2010);
}

} // namespace authorisation_bounds_tests
