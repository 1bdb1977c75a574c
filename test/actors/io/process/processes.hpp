/// Functions that several tests of child processes use.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <cstddef>
#include <string>
#include <sys/types.h>

namespace clearance::test {

/// Waits until a process has ended. The process need not be a child and may
/// have ended before. False if that takes longer than the hang guard (10 s).
bool await_end(pid_t pid);

/// Whether this process has no child, also none that waits to be reaped.
bool no_children();

/// How many descriptors of this process are open.
std::size_t open_descriptors();

/// The first number in `text`, or -1.
pid_t number_in(const std::string& text);

/// All bytes up to the end of file.
std::string read_all(const io::unique_fd& fd);

/// A pipe with close-on-exec on both ends.
struct pipe_ends {
  pipe_ends();
  io::unique_fd reading;
  io::unique_fd writing;
};

} // namespace clearance::test
