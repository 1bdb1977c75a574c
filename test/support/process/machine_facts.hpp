/// On what a figure was taken, and how much of it this process may use.
#pragma once

#include <cstddef>
#include <string>

namespace clearance::test {

/// Processor, their number, kernel.
std::string machine();

/// Of the last minute: a figure taken beside a full build says so.
double load_average();

/// Raises this process's soft limit of descriptors to the hard one, and returns
/// it.
std::size_t raise_descriptor_limit();

} // namespace clearance::test
