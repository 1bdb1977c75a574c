/// What hub and gate hold, over time, and whether it stays the same.
#pragma once

#include <cstddef>
#include <string>
#include <sys/types.h>
#include <vector>

namespace clearance::soak {

struct sample {
  std::size_t resident_bytes = 0;
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  std::size_t children = 0; ///< all descendants, zombies as well
};

sample sample_of(pid_t pid);

/// One program's samples, in order.
struct series {
  std::string name;
  std::vector<sample> samples;
};

/// What is not flat, a line each: the median of the last fifth of the samples
/// against that of the second. Memory may differ by 3 % and 512 KiB, which is
/// what an allocator's pages come and go by; threads by nothing; descriptors
/// and children, who depend on who happens to be there, by 16. Needs at least
/// ten samples.
std::vector<std::string> what_grows(const series& x);

/// Median of resident memory in the nth fifth (from 0 on).
std::size_t resident_of_fifth(const series& x, std::size_t n);

} // namespace clearance::soak
