/// How long threads were ready but got no processor. On a busy machine this,
/// and not the program, explains why something was slow.
#pragma once

#include "test/support/files/unique_fd.hpp"

#include <chrono>
#include <sys/types.h>

namespace clearance::test {

/// The delay of the calling thread since its start. Zero if the kernel does not
/// count it.
class run_delay {
public:
  run_delay();

  std::chrono::nanoseconds so_far() const;

private:
  unique_fd file_;
};

/// The sum for all threads of a process.
std::chrono::nanoseconds run_delay_of(pid_t pid);

/// The time that the host of a virtual machine gave to others, for all its
/// processors together, since the start; in steps of 10 ms.
std::chrono::nanoseconds stolen_time();

} // namespace clearance::test
