/// What a service makes of what it inherits: signals, limits, its user, and the
/// place of process 1.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

namespace clearance::services {

/// The first step of every service, on its only thread:
///
/// - No signal is blocked. SIGPIPE and SIGXFSZ (RLIMIT_FSIZE) are ignored: the
///   write fails instead. SIGCHLD is not ignored: the end of a child is told.
/// - Threads have stacks of 2 MiB, whatever RLIMIT_STACK says, and the main
///   thread's may grow that far.
///
/// Throws setup_fault with `cannot_start` where the user of a peer cannot be
/// told, see user_fault().
void settle_inheritance(int cannot_start);

/// Process 1 is the parent of every process that loses its own, and has to take
/// note of their ends, or they stay as zombies. As process 1, this starts a
/// child, in which the function returns, and becomes a parent that does that
/// alone: it passes SIGTERM, SIGINT, SIGHUP, SIGQUIT and SIGUSR1 on, and ends
/// with the child's exit code. Otherwise nothing happens. Before threads.
/// Throws setup_fault with `cannot_start` when there can be no child.
void leave_process_1(int cannot_start);

/// Why a process of `uid` cannot tell its own user from others; empty: it can.
/// The kernel shows every user that has no number in our user namespace as
/// `overflow_uid`. `uid_map` is the text of /proc/self/uid_map, which is empty
/// where no user has a number, and not there where the kernel has no
/// namespaces. Source: user_namespaces(7).
std::string user_fault(uid_t uid, uid_t overflow_uid,
                       const std::optional<std::string>& uid_map);

} // namespace clearance::services
