/// The namespaces of a process that is guarded, and how to work in them.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <variant>
#include <vector>

namespace clearance::services {

/// A process, its network namespace, and the user namespace that owns that one,
/// held open: a number that is given to another process later is not mistaken
/// for it.
struct guarded_process {
  pid_t pid = 0;
  std::uint64_t start_time = 0; ///< in clock ticks since the boot
  io::unique_fd pidfd;          ///< readable once the process has ended
  io::unique_fd user;
  io::unique_fd net;
  std::uint64_t user_inode = 0;
  std::uint64_t net_inode = 0;
  /// What it could do to its own firewall: the names of capabilities. Nothing:
  /// none, for ever.
  std::vector<std::string> powers;
};

/// Opens the namespaces of a running process. Errors: why not, as a phrase
/// behind "process N".
std::variant<guarded_process, std::string> open_process(pid_t pid);

/// When a process started, as in guarded_process. Nothing: it does not run, or
/// its files cannot be read.
std::optional<std::uint64_t> start_time_of(pid_t pid);

/// Moves this process into them: the user namespace before the network
/// namespace, because whoever owns the first one gets in it the capability to
/// enter the second one. Returns an empty text, or what failed.
std::string enter_namespaces(const guarded_process& where);

/// What work in the namespaces hands back.
struct work_result {
  std::string fault; ///< empty: done
  io::unique_fd fd;  ///< if the work opened one
  int number = 0;    ///< of what it made, such as a process
};

/// Runs `work` in a child process that has entered the namespaces of `where`:
/// the calling process stays outside and keeps its own. An exception of `work`
/// becomes a fault.
work_result work_in_namespaces(const guarded_process& where,
                               const std::function<work_result()>& work);

/// The same without entering any namespace.
work_result work_in_child(const std::function<work_result()>& work);

/// Gives up all capabilities of this process for ever, and the gain of new
/// ones, also by executing a program as user 0. False: errno says why.
bool drop_capabilities();

/// Makes the user who calls this one (his number and his group alone) known in
/// the user namespace that this process has just made, as `uid` and `gid`.
/// `outer_uid` and `outer_gid` are his numbers outside. False: errno says why.
bool map_user(uid_t uid, uid_t outer_uid, gid_t gid, gid_t outer_gid);

/// Which of the sysctls user.max_*_namespaces does not allow a new namespace,
/// after an ENOSPC, as a phrase.
std::string namespace_limit_text();

/// Writes to a file of /proc, in one piece. False: errno says why.
bool write_file(const char* path, std::string_view text);

} // namespace clearance::services
