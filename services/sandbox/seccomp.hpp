/// Limits the system calls of this process and of all programs that it starts.
#pragma once

#include "services/sandbox/syscall_policy.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace clearance::services {

enum class filtering : std::uint8_t {
  filtered,
  unsupported, ///< by this kernel or this build; nothing was changed
};

/// From now on `policy` applies to this thread and to everything that it
/// starts, for ever. Needs no_new_privs. Throws std::system_error; then nothing
/// was changed. Source: seccomp(2).
filtering filter_syscalls(const syscall_policy& policy);

/// A call that fails with this errno value.
struct denied_syscall {
  syscall_rule call;
  int error = 0;
};

/// From now on these calls fail for this thread and everything that it starts,
/// for ever; all others stay allowed. Programs of another architecture than
/// ours, such as 32-bit ones, can make no call at all. Needs no_new_privs.
/// Throws std::system_error; then nothing was changed.
filtering deny_syscalls(const std::vector<denied_syscall>& denied);

/// Whether libseccomp knows a call of this name. Always false in a build
/// without libseccomp.
bool is_known_syscall(const std::string& name);

} // namespace clearance::services
