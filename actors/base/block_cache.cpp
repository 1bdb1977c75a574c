#include "actors/base/block_cache.hpp"

#include "actors/base/sanitizers.hpp"
#include "protocol/base/limits.hpp"

#include <array>
#include <cstdint>
#include <new>

namespace clearance::actors {

namespace {

using protocol::limits::kept_block_max_bytes;

// A sanitizer finds an event that is used after its end only if its memory is
// freed then.
constexpr std::size_t kept_max_bytes =
    has_address_sanitizer || has_thread_sanitizer
        ? 0
        : protocol::limits::kept_blocks_max_bytes;

// Blocks have whole steps, at least one. Those of the same number of steps are
// kept together.
constexpr std::size_t step_bytes = 32;
constexpr std::size_t steps_max = kept_block_max_bytes / step_bytes;

constexpr std::size_t steps_of(std::size_t bytes) noexcept {
  return bytes == 0 ? 1 : (bytes + step_bytes - 1) / step_bytes;
}

// A kept block begins with the link to the next one.
struct kept_block {
  kept_block* next;
};

// Needs no destructor, so that it can be used as long as the thread runs. The
// destructors of other objects of the thread may still give blocks back.
struct block_lists {
  std::array<kept_block*, steps_max + 1> first;
  std::size_t bytes;
  enum : std::uint8_t { unused, in_use, ended } state;
};

thread_local constinit block_lists kept{};

struct last_of_thread {
  ~last_of_thread() {
    free_kept_blocks();
    kept.state = block_lists::ended;
  }
};

bool may_keep(std::size_t steps) noexcept {
  return steps <= steps_max && kept.bytes + steps * step_bytes <= kept_max_bytes
         && kept.state == block_lists::in_use;
}

} // namespace

// The C library ends the process if memory is denied to a thread_local object
// with a destructor. So no event may be the first to need this one.
void keep_blocks() noexcept {
  static thread_local last_of_thread x;
  static_cast<void>(x);
  if (kept.state == block_lists::unused)
    kept.state = block_lists::in_use;
}

void* take_block(std::size_t bytes) {
  const auto steps = steps_of(bytes);
  if (steps > steps_max || kept.first[steps] == nullptr)
    return ::operator new(steps* step_bytes);
  auto* result = kept.first[steps];
  kept.first[steps] = result->next;
  kept.bytes -= steps * step_bytes;
  return result;
}

void give_block_back(void* block, std::size_t bytes) noexcept {
  const auto steps = steps_of(bytes);
  if (!may_keep(steps))
    return ::operator delete(block);
  kept.first[steps] = ::new (block) kept_block{kept.first[steps]};
  kept.bytes += steps * step_bytes;
}

void free_kept_blocks() noexcept {
  for (auto& first : kept.first)
    while (first != nullptr) {
      auto* block = first;
      first = block->next;
      ::operator delete(block);
    }
  kept.bytes = 0;
}

std::size_t kept_block_bytes() noexcept {
  return kept.bytes;
}

} // namespace clearance::actors
