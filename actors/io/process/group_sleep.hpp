/// Whether a process group can be killed now.
#pragma once

#include <string_view>
#include <sys/types.h>

namespace clearance::io {

/// True if a process of the group is in an uninterruptible sleep, for example
/// because it waits for a disk. SIGKILL would end it only after the sleep, and
/// before it could handle an earlier SIGTERM: a git would leave its lock files
/// behind. Reads the table of all processes, so call it seldom. False also if
/// /proc cannot be read.
bool sleeps_uninterruptibly(pid_t group) noexcept;

/// The same for the text of one /proc/PID/stat. Source: proc(5).
bool sleeps_uninterruptibly(std::string_view stat, pid_t group) noexcept;

} // namespace clearance::io
