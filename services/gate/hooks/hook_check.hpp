/// Whether our hooks can be run, before a push needs them.
#pragma once

#include "protocol/gate/cgi.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::services {

/// The hooks that --install-hooks writes.
inline constexpr std::array<std::string_view, 2> our_hooks{"pre-receive",
                                                           "post-receive"};

/// The text of a hook's file, at most 64 KiB of it. Empty: it cannot be read.
std::string read_hook(const std::string& path);

/// Where the programs are that our hooks in the directory `hooks` run. The
/// directories and not the programs: an upgrade puts another file in a
/// program's place.
std::vector<std::string> hook_program_directories(const std::string& hooks);

/// Runs each of our hooks in `config.hooks_path` with `--check`, as git would
/// run it. Call it inside of the sandbox. Logs an error for a hook that cannot
/// be run, and a warning for one of another version. Hooks of the operator's
/// own are not run. Waits for the hooks, at most 10 s for each.
void check_hooks(const protocol::cgi_config& config);

} // namespace clearance::services
