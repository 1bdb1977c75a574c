/// How long the kernel kept a thread that could run from running: on a busy
/// machine that, not the program, is why somebody was slow.
#pragma once

#include "test/support/files/unique_fd.hpp"

#include <chrono>
#include <sys/types.h>

namespace clearance::test {

/// Of the calling thread, since its start. Zero where the kernel keeps no
/// account.
class run_delay {
public:
  run_delay();

  std::chrono::nanoseconds so_far() const;

private:
  unique_fd file_;
};

/// Of all of a process's threads together.
std::chrono::nanoseconds run_delay_of(pid_t pid);

/// What the host of a virtual machine took of all its processors together,
/// since the start; in steps of 10 ms.
std::chrono::nanoseconds stolen_time();

} // namespace clearance::test
