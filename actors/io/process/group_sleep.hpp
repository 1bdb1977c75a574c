/// Whether a process group can be killed now.
#pragma once

#include <string_view>
#include <sys/types.h>

namespace clearance::io {

/// True when a process of the group is in an uninterruptible sleep, as one is
/// that waits for a disk that stalls. SIGKILL would not end it before the sleep
/// does, and then at once, before it could handle an earlier SIGTERM: a git
/// would leave its lock files behind. Reads the table of all processes, so it
/// is for rare moments. False also where /proc cannot be read.
bool sleeps_uninterruptibly(pid_t group);

/// The same for the text of one /proc/PID/stat. Source: proc(5).
bool sleeps_uninterruptibly(std::string_view stat, pid_t group);

} // namespace clearance::io
