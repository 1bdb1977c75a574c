/// Whether our hooks can be run, before a push needs them.
#pragma once

#include "protocol/gate/cgi.hpp"

#include <string>

namespace clearance::services {

/// Runs each of our hooks in `config.hooks_path` with `--check`, as git would
/// run it. Call it inside of the sandbox. Logs an error for a hook that cannot
/// be run, and a warning for one of another version. Hooks of the operator's
/// own are not run. Waits for the hooks, at most 10 s for each.
void check_hooks(const protocol::cgi_config& config);

/// The same for the program that the hooks of many gates run, where no gate has
/// a sandbox: `program hook pre-receive --check`, once.
void check_hook_program(const std::string& program);

} // namespace clearance::services
