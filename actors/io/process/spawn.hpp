/// Starting other programs, each in a process group of its own.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

namespace clearance::io {

/// What to run and with what; nothing else reaches the new program.
struct spawn_plan {
  std::string program;                  ///< a path; PATH is not searched
  std::vector<std::string> argv;        ///< from argv[0] on
  std::vector<std::string> environment; ///< all of it, as "NAME=value"
  int stdin_fd = -1;                    ///< these three stay the caller's
  int stdout_fd = -1;
  int stderr_fd = -1;
  /// Descriptor 3 is stderr_fd as well: for a program that its parent gives
  /// another stderr.
  bool stderr_on_3 = false;
  /// Killed when the thread that spawns it ends, however that comes about; not
  /// what it started itself.
  bool dies_with_us = false;
};

/// A started child, or why there is none.
struct spawn_result {
  int error = 0;   ///< errno of what failed, the exec included; 0: it runs
  pid_t pid = -1;  ///< leads a group of the same number; to be reaped
  unique_fd pidfd; ///< readable once the leader has exited
};

/// Starts `plan`: own process group, no descriptor beside the three, no signal
/// blocked or ignored, the soft descriptor limit that this process had before
/// raise_descriptor_limit(). Returns once the program is executed or that
/// failed; a failed child is reaped already. Waits for nothing but the exec.
spawn_result spawn(const spawn_plan& plan);

/// Raises the process's soft RLIMIT_NOFILE to the hard one and remembers the
/// old one for spawn(). For a program's start, once; an embedding host decides
/// for itself. False (errno says why) leaves everything as it was.
bool raise_descriptor_limit();

} // namespace clearance::io
