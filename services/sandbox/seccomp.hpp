/// Confining our own system calls, and those of all we start.
#pragma once

#include "services/sandbox/syscall_policy.hpp"

#include <cstdint>

namespace clearance::services {

enum class filtering : std::uint8_t {
  filtered,
  unsupported, ///< by this kernel or this build; nothing has changed
};

/// From now on `policy` holds for this thread and those that it starts, for
/// ever; needs no_new_privs. Throws std::system_error: nothing has changed
/// then. Source: seccomp(2).
filtering filter_syscalls(const syscall_policy& policy);

/// Whether libseccomp knows a call of this name. False in a build without it.
bool is_known_syscall(const std::string& name);

} // namespace clearance::services
