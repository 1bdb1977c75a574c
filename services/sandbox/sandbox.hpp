/// What a program that needs little of the machine gives up at its start.
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

/// Of a hub that starts nothing, with its sockets' directories.
sandbox_plan hub_sandbox(const std::vector<std::string>& directories);

/// Of a gate: what it needs beside the system's programs.
sandbox_plan gate_sandbox(std::vector<path_rule> paths_allowed,
                          gate_transport transport);

/// Gives up for ever, for this thread and all that it starts: new privileges,
/// every file outside of the allowed paths, every system call that is not in
/// the policy. Call it before there is a second thread; directories of allowed
/// paths exist. What this kernel cannot do is a warning in the log. Returns
/// what came of it, for the log: "yes", or "no" or "partly" and why. Throws
/// setup_fault of code `code`.
std::string enter_sandbox(const std::function<sandbox_plan()>& plan,
                          sandbox_mode mode, int code);

/// What a program says instead that runs the shield: it gives up nothing.
inline constexpr auto executes_verdicts =
    "no: this process executes verdicts, which need podman";

} // namespace clearance::services
