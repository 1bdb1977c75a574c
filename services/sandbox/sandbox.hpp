/// The sandbox: at its start a program gives up rights that it does not need.
#pragma once

#include "services/sandbox/landlock.hpp"
#include "services/sandbox/sandbox_mode.hpp"
#include "services/sandbox/syscall_policy.hpp"

#include <functional>
#include <string>
#include <vector>

namespace clearance::services {

struct sandbox_plan {
  std::vector<path_rule> paths_allowed;
  syscall_policy calls;
};

/// For a hub that starts no programs. `directories` are those of its sockets.
sandbox_plan hub_sandbox(const std::vector<std::string>& directories);

/// For a gate. The allowed paths are added to the system's programs.
sandbox_plan gate_sandbox(std::vector<path_rule> paths_allowed,
                          gate_transport transport);

/// Takes away rights from this thread and from everything that it starts, for
/// ever: gaining privileges, all files outside of the allowed paths, and all
/// system calls that are not in the policy. Call it before there is a second
/// thread. The directories of the allowed paths must exist. If the kernel does
/// not support a part, a warning is logged. Returns the result for the log:
/// "yes", or "no" or "partly" and why. Throws setup_fault with `code`.
std::string enter_sandbox(const std::function<sandbox_plan()>& plan,
                          sandbox_mode mode, int code);

/// Logged instead by a program that runs the shield: it has no sandbox.
inline constexpr auto executes_verdicts =
    "no: this process executes verdicts, which need podman";

} // namespace clearance::services
