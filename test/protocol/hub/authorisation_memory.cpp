// What an announcement costs in memory: a count, which a machine's load does
// not change as it changes a time.

#include "protocol/hub/authorisation.hpp"
#include "test/support/allocation_count.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <variant>
#include <vector>

using namespace clearance;
using test::denied_allocation;

namespace {

struct waiting_event final : protocol::undelivered_event {
  std::size_t bytes() const noexcept override { return 0; }
  bool handed() const noexcept override { return false; }
};

std::string id_of(std::size_t i) {
  return "an-id-that-is-not-short:" + std::to_string(i);
}

} // namespace

TEST_CASE("an announcement allocates nothing but texts that are long") {
  protocol::authorisation_map map;
  std::vector<std::string> ids;
  for (std::size_t i = 0;
       i < 2 * protocol::limits::open_requests_per_container_max; ++i)
    ids.push_back(id_of(i));
  auto announce = [&](const std::string& target) {
    for (const auto& id : ids)
      map.announce("a-container-with-a-long-name", id, target, nullptr);
  };
  announce("example.org");
  auto before = test::allocation_count();
  announce("example.org");
  CHECK(test::allocation_count() == before);
  const std::string long_target(64, 'x');
  before = test::allocation_count();
  announce(long_target);
  CHECK(test::allocation_count() - before == ids.size());
}

// While it grows, at its end and when most is gone.
TEST_CASE("what the map takes is charged") {
  for (auto event :
       {std::shared_ptr<waiting_event>{}, std::make_shared<waiting_event>()}) {
    for (std::size_t containers : {1U, 8U}) {
      protocol::authorisation_limits no_bounds;
      no_bounds.per_container = no_bounds.total;
      no_bounds.per_container_bytes = no_bounds.total_bytes;
      auto before = test::allocated_bytes();
      protocol::authorisation_map map{no_bounds};
      for (std::size_t i = 0; i < no_bounds.total; ++i) {
        map.announce(std::to_string(i % containers), id_of(i),
                     std::string(i % 100, 't'), event);
        if (i > 1000 && i % 64 == 0)
          CHECK(test::allocated_bytes() - before <= map.bytes());
      }
      CHECK(map.live() == no_bounds.total);
      CHECK(test::allocated_bytes() - before <= map.bytes());
    }
  }
}

// A hub that is idle again does not hold what a flood needed.
TEST_CASE("what a flood took is given back, whichever are left") {
  auto before = test::allocated_bytes();
  protocol::authorisation_map map;
  constexpr std::size_t containers = 1000;
  auto name = [](std::size_t i) { return "container-" + std::to_string(i); };
  for (std::size_t i = 0; i < protocol::limits::open_requests_total_max; ++i)
    map.announce(name(i % containers), id_of(i), "example.org",
                 std::make_shared<waiting_event>());
  CHECK(map.live() == protocol::limits::open_requests_total_max);
  auto full = test::allocated_bytes() - before;
  for (std::size_t i = 0; i < containers; ++i)
    if (i % 100 != 99)
      map.drop(name(i));
  CHECK(map.containers() == 10);
  CHECK(map.live() > 300);
  CHECK(test::allocated_bytes() - before < full / 16);
  for (std::size_t i = 99; i < containers; i += 100)
    map.drop(name(i));
  CHECK(map.bytes() == 0);
  CHECK(test::allocated_bytes() - before < 32 * 1024);
}

TEST_CASE("a lookup that finds nothing allocates only its refusal") {
  protocol::authorisation_map map;
  map.announce("a-container-with-a-long-name", "an-id-that-is-not-short", "d",
               nullptr);
  auto before = test::allocation_count();
  CHECK(map.drop("another-container-with-a-long-name") == 0);
  map.settle(17, true);
  CHECK(test::allocation_count() == before);
  // The vector, its text, and the list that it is made from.
  auto x = map.cite("a-container-with-a-long-name", "another-id-of-some-length",
                    "d", "allow");
  CHECK(std::holds_alternative<protocol::verdict_outcome>(x));
  CHECK(test::allocation_count() - before <= 3);
}

namespace {

constexpr auto long_text = "a-text-that-needs-an-allocation-of-its-own-"
                           "because-it-is-longer-than-a-slot-has-room-for";

bool is_live(protocol::authorisation_map& map, const std::string& container,
             const std::string& id, const std::string& target) {
  auto x = map.cite(container, id, target, "allow");
  const auto* cited = std::get_if<protocol::authorisation_map::cited>(&x);
  if (cited != nullptr)
    map.settle(cited->id, false);
  return cited != nullptr;
}

// So many that each of the map's arrays grows with the next announcement at
// some of these numbers.
constexpr std::size_t grown_max = 140;

} // namespace

TEST_CASE("a block that memory is denied to gets no open request, and the map "
          "stays whole") {
  std::size_t denials = 0;
  for (std::size_t n = 0; n < grown_max; ++n) {
    for (std::size_t which = 1;; ++which) {
      protocol::authorisation_map map;
      for (std::size_t i = 0; i < n; ++i)
        map.announce(i % 2 == 0 ? "a" : id_of(i), id_of(i), "d",
                     std::make_shared<waiting_event>());
      const auto event = std::make_shared<waiting_event>();
      std::size_t gone = 0;
      bool denied = false;
      {
        const denied_allocation no_memory{which};
        gone = map.announce("container-new", long_text, long_text, event);
        denied = no_memory.happened();
      }
      CHECK(gone == (denied ? 1 : 0));
      CHECK(map.without_memory() == gone);
      CHECK(map.evicted() == gone);
      CHECK(map.live() == n + 1 - gone);
      CHECK(is_live(map, "container-new", long_text, long_text) == !denied);
      CHECK((event.use_count() == 2) == !denied);
      for (std::size_t i = 0; i < n; ++i)
        CHECK(is_live(map, i % 2 == 0 ? "a" : id_of(i), id_of(i), "d"));
      CHECK(map.next_page(0, map.sequence(), 1000, 1 << 20).events.size()
            == n + 1 - gone);
      map.drop("a");
      map.drop("container-new");
      for (std::size_t i = 1; i < n; i += 2)
        map.drop(id_of(i));
      CHECK(map.containers() == 0);
      CHECK(map.bytes() == 0);
      if (!denied)
        break;
      ++denials;
    }
  }
  CHECK(denials > grown_max + 30); // of texts, and of arrays that grow
}

// Its target must not be approved under an id that means another one now.
TEST_CASE("the older block of an id is over although the new one gets no "
          "memory") {
  protocol::authorisation_map map;
  map.announce("c", "id", "old.example", nullptr);
  {
    const denied_allocation no_memory{1};
    CHECK(map.announce("c", "id", long_text, nullptr) == 1);
  }
  CHECK_FALSE(is_live(map, "c", "id", "old.example"));
  CHECK_FALSE(is_live(map, "c", "id", long_text));
  CHECK(map.containers() == 0);
  CHECK(map.announce("c", "id", "new.example", nullptr) == 0);
  CHECK(is_live(map, "c", "id", "new.example"));
}

TEST_CASE("a verdict or a page that memory is denied to changes nothing") {
  const auto each_denial = [](auto f) {
    std::size_t denials = 0;
    for (std::size_t which = 1;; ++which) {
      protocol::authorisation_map map;
      for (const char* container : {"c", "d"})
        map.announce(container, long_text, long_text,
                     std::make_shared<waiting_event>());
      bool denied = false;
      {
        const denied_allocation no_memory{which};
        try {
          f(map);
        } catch (const std::bad_alloc&) {
          denied = true;
        }
      }
      if (!denied)
        return denials;
      ++denials;
      CHECK(map.live() == 2);
      CHECK(map.in_flight() == 0);
      CHECK(is_live(map, "c", long_text, long_text));
      CHECK(map.next_page(0, 2, 10, 1 << 20).events.size() == 2);
    }
  };
  CHECK(each_denial(
            [](auto& map) { map.cite("c", long_text, long_text, "allow"); })
        >= 2);
  CHECK(each_denial([](auto& map) {
          map.cite("c", long_text, "another target than that of the block",
                   "allow");
        })
        >= 2);
  CHECK(each_denial([](auto& map) { map.next_page(0, 2, 10, 1 << 20); }) >= 1);
}

// Where it may not make an array smaller, the next one does.
TEST_CASE("what removes needs no memory") {
  constexpr std::size_t flood = 4096;
  const auto before = test::allocated_bytes();
  protocol::authorisation_map map;
  const auto name = [](std::size_t i) { return std::to_string(i % 1024); };
  for (std::size_t i = 0; i < flood; ++i)
    map.announce(name(i), id_of(i), "d", nullptr);
  const auto full = test::allocated_bytes() - before;
  for (std::size_t i = 0; i < 1000; ++i) {
    const auto container = name(i);
    const denied_allocation no_memory{1};
    map.drop(container);
  }
  CHECK(map.containers() == 24);
  for (std::size_t i = 1000; i < 1024; ++i)
    CHECK(is_live(map, name(i), id_of(i), "d"));
  CHECK(test::allocated_bytes() - before < full / 4);
}
