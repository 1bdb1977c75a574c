/// Counts what operator new is asked for. Linking it replaces the operator in
/// the whole program, shared libraries included.
#pragma once

#include <cstddef>

namespace clearance::test {

/// Calls of operator new since the program's start, of every thread.
std::size_t allocation_count() noexcept;

} // namespace clearance::test
