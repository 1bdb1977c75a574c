/// Counts calls of operator new and the bytes that they return. Linking this
/// file replaces the operator in the whole program, also in shared libraries.
#pragma once

#include <cstddef>

namespace clearance::test {

/// Calls of operator new in all threads since the program's start.
std::size_t allocation_count() noexcept;

/// Bytes that operator new has returned and that are not deleted yet.
std::size_t allocated_bytes() noexcept;

} // namespace clearance::test
