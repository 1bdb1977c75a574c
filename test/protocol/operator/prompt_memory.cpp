// What prompts cost in memory, counted.

#include "protocol/operator/prompt_table.hpp"
#include "test/support/allocation_count.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

namespace prompt_memory_tests {

using namespace clearance;
using namespace clearance::protocol;

namespace {

prompt_limits without_bounds() {
  prompt_limits result;
  result.per_container = result.total = 100'000;
  result.finished = 100'000;
  result.per_container_bytes = result.total_bytes = 1U << 30U;
  return result;
}

struct memory_stage {
  const prompt* block(std::string_view container, std::string_view domain,
                      std::string_view dest) {
    return table.block(
        {container, domain, dest, 443, 6, {{++generation}, no_slot}},
        [] {
          return dossier{{"project", "alpha"}};
        },
        now);
  }

  prompt_table table{"0123456789ab", without_bounds()};
  std::uint64_t generation = 0;
  prompt_time now{time_point{std::chrono::hours{1}}, 1'000'000};
};

std::string name_of(std::size_t i, std::size_t size) {
  auto result = "n" + std::to_string(i) + ".";
  return result + std::string(size - result.size() - 4, 'a') + ".org";
}

} // namespace

TEST_CASE("what the prompt table takes is charged") {
  for (std::size_t size : {14U, 40U, 60U, 250U})
    for (std::size_t containers : {1U, 50U})
      for (bool shared_address : {false, true}) {
        CAPTURE(size);
        CAPTURE(containers);
        CAPTURE(shared_address);
        const auto before = test::allocated_bytes();
        memory_stage x;
        for (std::size_t i = 0; i < 2000; ++i)
          x.block("container-" + std::to_string(i % containers),
                  name_of(i, size),
                  shared_address ? "2001:db8:1234:5678::1"
                                 : "2001:db8:1234:5678::" + std::to_string(i));
        CHECK_LE(test::allocated_bytes() - before, x.table.bytes());
        for (std::uint64_t n = 1; n <= 2000; ++n)
          x.table.leave_denied(n, "a rule with a name", x.now);
        CHECK_LE(test::allocated_bytes() - before, x.table.bytes());
      }
}

TEST_CASE("4096 prompts of a container fit, with names of 110 bytes") {
  prompt_table table{"0123456789ab"};
  const prompt_time now{time_point{std::chrono::hours{1}}, 1'000'000};
  for (std::size_t i = 0; i < operator_limits::prompts_per_container_max; ++i)
    REQUIRE(table.block(
                {"6f1d2c3b4a59",
                 name_of(i, 110),
                 "198.51." + std::to_string(i / 256) + "."
                     + std::to_string(i % 256),
                 443,
                 6,
                 {{i + 1}, no_slot}},
                [] { return dossier{}; }, now)
            != nullptr);
  CHECK_EQ(table.open(), operator_limits::prompts_per_container_max);
  CHECK_EQ(table.forgotten(), 0);
}

TEST_CASE("a block that brings nothing new allocates nothing") {
  memory_stage x;
  const auto fold = [&] {
    for (int i = 0; i < 1000; ++i) {
      x.block("web", "a-name-that-is-not-short.example.org", "192.0.2.1");
      if (x.generation > 500)
        x.table.closed("web", x.generation - 500, no_slot, x.now);
    }
  };
  fold();
  const auto before = test::allocation_count();
  fold();
  CHECK_EQ(test::allocation_count() - before, 0);
}

// Whichever allocation is denied, the table goes on and forgets no prompt.
TEST_CASE("memory that a block is denied costs that block") {
  for (std::size_t which = 1;; ++which) {
    CAPTURE(which);
    memory_stage x;
    const auto before = test::allocated_bytes();
    x.block("web", "first.example.org", "192.0.2.1");
    bool is_denied = false;
    {
      const test::denied_allocation no_memory{which};
      x.block("web", "second-name.example.org", "192.0.2.1");
      is_denied = no_memory.happened();
    }
    CHECK_EQ(x.table.open(), is_denied ? 1 : 2);
    CHECK_EQ(x.table.unrecorded(), is_denied ? 1 : 0);
    x.block("web", "second-name.example.org", "192.0.2.1");
    x.block("other", "third.example.org", "192.0.2.1");
    CHECK_EQ(x.table.open(), 3);
    CHECK_LE(test::allocated_bytes() - before, x.table.bytes() + 4096);
    if (!is_denied) {
      CHECK_GT(which, 5);
      return;
    }
  }
}

} // namespace prompt_memory_tests
