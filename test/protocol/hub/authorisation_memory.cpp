// What an announcement costs in memory: a count, which a machine's load does
// not change as it changes a time.

#include "protocol/hub/authorisation.hpp"
#include "test/support/allocation_count.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

using namespace clearance;

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
