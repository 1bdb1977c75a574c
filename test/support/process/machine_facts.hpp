/// The machine on which a figure is measured, and what we may use of it.
#pragma once

#include <cstddef>
#include <string>

namespace clearance::test {

/// The kind of processor, the number of processors, and the kernel.
std::string machine();

/// The load of the last minute, so that a figure shows if a build ran beside.
double load_average();

/// Raises this process's soft limit of descriptors to the hard one, and returns
/// it.
std::size_t raise_descriptor_limit();

} // namespace clearance::test
