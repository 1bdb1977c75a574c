/// Counts what operator new gives out. Linking it replaces the operator in
/// the whole program, shared libraries included.
#pragma once

#include <cstddef>

namespace clearance::test {

/// Calls of operator new since the program's start, of every thread.
std::size_t allocation_count() noexcept;

/// Bytes that operator new gave out and nobody gave back yet.
std::size_t allocated_bytes() noexcept;

} // namespace clearance::test
