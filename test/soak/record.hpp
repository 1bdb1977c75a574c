/// Records memory, threads, descriptors and children of hub and gate over time,
/// and judges whether they stay the same.
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
  std::size_t children = 0; ///< all descendants, also zombies
};

sample sample_of(pid_t pid);

/// The samples of one program, in order.
struct series {
  std::string name;
  std::vector<sample> samples;
};

/// Describes what grew, one line for each. Compares the median of the last
/// fifth of the samples with that of the second fifth. Needs at least ten
/// samples. Memory may grow by 3 % and 512 KiB, because an allocator's pages
/// come and go. Threads may not grow. Descriptors and children depend on the
/// clients of the moment and may grow by 16.
std::vector<std::string> what_grows(const series& x);

/// The median of resident memory in the nth fifth; 0 is the first one.
std::size_t resident_of_fifth(const series& x, std::size_t n);

} // namespace clearance::soak
