/// Counts calls of operator new and the bytes that they return, and denies
/// one of them. Linking this file replaces the operator in the whole program,
/// also in shared libraries.
#pragma once

#include <cstddef>

namespace clearance::test {

/// Calls of operator new in all threads since the program's start.
std::size_t allocation_count() noexcept;

/// Bytes that operator new has returned and that are not deleted yet.
std::size_t allocated_bytes() noexcept;

/// As long as it lives, operator new denies this thread one allocation: the
/// `which`-th from now on, counted from 1. At most one lives at a time.
class denied_allocation {
public:
  explicit denied_allocation(std::size_t which) noexcept;
  ~denied_allocation();
  denied_allocation(const denied_allocation&) = delete;
  denied_allocation& operator=(const denied_allocation&) = delete;

  /// Whether so many allocations came that one was denied.
  bool happened() const noexcept;
};

} // namespace clearance::test
