/// What a service does about what it inherits: signals, limits, its user, and
/// the duties of process 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace clearance::services {

/// What SIGHUP does to a service that is still starting.
enum class early_hangup : std::uint8_t {
  ends,  ///< it ends, as by default
  waits, ///< the signal waits until run_program() takes it, for a reload
};

/// The first step of every service, while it has one thread:
///
/// - No signal is blocked, but SIGHUP if it waits. SIGPIPE and SIGXFSZ
/// (RLIMIT_FSIZE) are ignored: the
///   write fails instead. SIGCHLD is not ignored, so a child's end is noticed.
/// - Threads have stacks of 2 MiB, whatever RLIMIT_STACK says, and the main
///   thread's stack may grow to that size.
///
/// Throws setup_fault with `cannot_start` if we cannot tell which user a peer
/// has; see user_fault().
void settle_inheritance(int cannot_start,
                        early_hangup hangup = early_hangup::ends);

/// A process whose parent has ended becomes a child of process 1, which must
/// wait for it, or it stays as a zombie. If we are process 1, this starts a
/// child, and the function returns in the child. The parent only waits for
/// processes, passes SIGTERM, SIGINT, SIGHUP, SIGQUIT and SIGUSR1 to the child,
/// and ends with its exit code. Otherwise nothing happens. Call it before there
/// are threads. Throws setup_fault with `cannot_start` if no child can start.
void leave_process_1(int cannot_start);

/// Why a process of `uid` cannot distinguish its user from others; empty: it
/// can. The kernel shows every user that has no number in our user namespace as
/// `overflow_uid`. `uid_map` is the text of /proc/self/uid_map. It is empty if
/// no user has a number there, and the file does not exist if the kernel has no
/// namespaces. Source: user_namespaces(7).
std::string user_fault(uid_t uid, uid_t overflow_uid,
                       const std::optional<std::string>& uid_map);

} // namespace clearance::services
