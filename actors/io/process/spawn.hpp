/// Starts other programs, each in a process group of its own.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

namespace clearance::io {

/// What to run. The new program gets nothing else from us.
struct spawn_plan {
  std::string program;           ///< a path; PATH is not searched
  std::vector<std::string> argv; ///< the arguments from argv[0] on
  /// the whole environment, as "NAME=value"
  std::vector<std::string> environment;
  int stdin_fd = -1; ///< the caller keeps these three descriptors
  int stdout_fd = -1;
  int stderr_fd = -1;
  /// Descriptor 3 is a copy of stderr_fd. It is for programs whose parent gives
  /// them another stderr.
  bool stderr_on_3 = false;
  /// The program is killed when the thread that starts it ends, for whatever
  /// reason. Processes that the program itself started are not killed.
  bool dies_with_us = false;
  /// SIGHUP is blocked in the program: it waits until the program takes it, so
  /// it cannot end a program that is still starting.
  bool hangup_waits = false;
};

/// A started child, or why it was not started.
struct spawn_result {
  /// 0: the child runs; else the errno of what failed, exec included
  int error = 0;
  pid_t pid = -1;  ///< also the number of its group; the caller must reap it
  unique_fd pidfd; ///< readable once the leader has exited
};

/// Starts `plan` in its own process group. The child has the three descriptors
/// and no other, no signal blocked (but SIGHUP, if the plan says so) or
/// ignored, and the soft descriptor limit that this process had before
/// raise_descriptor_limit(). Returns when the program is executed or when that
/// has failed; a failed child is reaped already. Waits only for the exec.
spawn_result spawn(const spawn_plan& plan);

/// Raises the process's soft RLIMIT_NOFILE to the hard one and remembers the
/// old value for spawn(). Call it once, at a program's start; an application
/// that embeds the library decides by itself. False: errno says why, and
/// nothing is changed.
bool raise_descriptor_limit();

} // namespace clearance::io
