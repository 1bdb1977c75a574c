// What an announcement costs in memory: a count, which a machine's load does
// not change as it changes a time.

#include "protocol/hub/authorisation.hpp"
#include "test/support/allocation_count.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace clearance;

TEST_CASE("an announcement allocates the binding and its texts, no more") {
  protocol::authorisation_map map;
  std::vector<std::string> ids;
  for (std::size_t i = 0;
       i < 2 * protocol::limits::open_requests_per_container_max; ++i)
    ids.push_back("an-id-that-is-not-short:" + std::to_string(i));
  auto announce = [&](const std::string& id) {
    map.announce("a-container-with-a-long-name", id, "example.org", nullptr);
  };
  for (const auto& id : ids)
    announce(id);
  auto before = test::allocation_count();
  for (const auto& id : ids)
    announce(id);
  CHECK(test::allocation_count() - before == 2 * ids.size());
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
