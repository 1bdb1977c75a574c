#include "actors/base/block_cache.hpp"

#include "actors/base/fault.hpp"
#include "actors/base/sanitizers.hpp"
#include "protocol/base/limits.hpp"
#include "test/support/allocation_count.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace block_cache_tests {

using namespace clearance;
using namespace clearance::actors;
using namespace clearance::test;
namespace limits = protocol::limits;

namespace {

// With a sanitizer nothing is kept.
constexpr bool keeps = !has_address_sanitizer && !has_thread_sanitizer;

std::size_t kept_if(std::size_t bytes) {
  return keeps ? bytes : 0;
}

struct nothing_kept {
  nothing_kept() {
    keep_blocks();
    free_kept_blocks();
  }
  ~nothing_kept() { free_kept_blocks(); }
};

} // namespace

TEST_CASE_FIXTURE(nothing_kept, "a block is used again") {
  auto* x = take_block(300);
  give_block_back(x, 300);
  CHECK(kept_block_bytes() == kept_if(320));
  const auto before = allocation_count();
  auto* y = take_block(310); // of the same number of steps
  CHECK(allocation_count() - before == (keeps ? 0 : 1));
  CHECK(kept_block_bytes() == 0);
  std::memset(y, 'x', 320);
  give_block_back(y, 310);
}

TEST_CASE_FIXTURE(nothing_kept, "a block of another size is not used") {
  give_block_back(take_block(300), 300);
  auto* x = take_block(330);
  CHECK(kept_block_bytes() == kept_if(320));
  give_block_back(x, 330);
}

TEST_CASE_FIXTURE(nothing_kept, "two blocks are never one") {
  give_block_back(take_block(64), 64);
  auto* x = take_block(64);
  auto* y = take_block(64);
  CHECK(x != y);
  give_block_back(x, 64);
  give_block_back(y, 64);
  CHECK(kept_block_bytes() == kept_if(128));
}

TEST_CASE_FIXTURE(nothing_kept, "a large block is not kept") {
  constexpr auto largest = limits::kept_block_max_bytes;
  give_block_back(take_block(largest), largest);
  CHECK(kept_block_bytes() == kept_if(largest));
  give_block_back(take_block(largest + 1), largest + 1);
  CHECK(kept_block_bytes() == kept_if(largest));
}

TEST_CASE_FIXTURE(nothing_kept, "what a thread keeps is bounded") {
  constexpr std::size_t size = 1024;
  constexpr auto count = limits::kept_blocks_max_bytes / size + 10;
  std::vector<void*> all(count);
  const auto before = allocated_bytes();
  for (auto& x : all)
    x = take_block(size);
  for (auto* x : all)
    give_block_back(x, size);
  CHECK(kept_block_bytes() == kept_if(limits::kept_blocks_max_bytes));
  free_kept_blocks();
  CHECK(kept_block_bytes() == 0);
  CHECK(allocated_bytes() == before);
}

TEST_CASE("the end of a thread frees what the thread kept") {
  auto before = allocated_bytes();
  std::thread{[&] {
    before = allocated_bytes();
    keep_blocks();
    give_block_back(take_block(500), 500);
    CHECK(kept_block_bytes() == kept_if(512));
  }}.join();
  CHECK(allocated_bytes() <= before);
}

TEST_CASE_FIXTURE(nothing_kept, "a block may end on another thread") {
  auto* x = take_block(100);
  std::thread{[x] {
    keep_blocks();
    give_block_back(x, 100);
    CHECK(kept_block_bytes() == kept_if(128));
  }}.join();
  CHECK(kept_block_bytes() == 0);
}

TEST_CASE("a thread that was not told to keep blocks keeps none") {
  std::thread{[] {
    const auto before = allocated_bytes();
    give_block_back(take_block(100), 100);
    CHECK(kept_block_bytes() == 0);
    CHECK(allocated_bytes() == before);
  }}.join();
}

TEST_CASE_FIXTURE(nothing_kept, "a block of no bytes is one") {
  auto* x = take_block(0);
  auto* y = take_block(0);
  CHECK(x != y);
  give_block_back(x, 0);
  give_block_back(y, 0);
  CHECK(kept_block_bytes() == kept_if(64));
}

TEST_CASE_FIXTURE(nothing_kept, "denied memory takes what is kept") {
  give_block_back(take_block(500), 500);
  memory_reserve::give();
  CHECK(kept_block_bytes() == 0);
  memory_reserve::fill();
}

} // namespace block_cache_tests
