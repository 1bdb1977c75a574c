/// What the tests of child processes share.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <cstddef>
#include <string>
#include <sys/types.h>

namespace clearance::test {

/// Waits for the end of any process, a child or not. Gone already counts.
/// False when the hang guard (10 s) struck.
bool await_end(pid_t pid);

/// Whether this process has no child at all, not even an unreaped one.
bool no_children();

/// Open descriptors of this process.
std::size_t open_descriptors();

/// The first number in `text`, or -1.
pid_t number_in(const std::string& text);

/// All bytes up to the end of file.
std::string read_all(const io::unique_fd& fd);

/// Both ends CLOEXEC.
struct pipe_ends {
  pipe_ends();
  io::unique_fd reading;
  io::unique_fd writing;
};

} // namespace clearance::test
