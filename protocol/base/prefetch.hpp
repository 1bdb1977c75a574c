/// Asks for memory before it is needed.
#pragma once

namespace clearance::protocol {

/// Says that the cache line of `at` will be read or written soon. Reads nothing
/// itself, so `at` may point anywhere.
inline void prefetch(const void* at) noexcept {
  __builtin_prefetch(at, 1);
  // For GCC a prefetch has no effect. Without this it would leave out calls of
  // functions that do nothing else.
  asm volatile("");
}

} // namespace clearance::protocol
