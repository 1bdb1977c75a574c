/// The hooks of a gate as files: scripts that run `terok-gate hook NAME`.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::io {

/// The hooks that --install-hooks writes.
inline constexpr std::array<std::string_view, 2> our_hooks{"pre-receive",
                                                           "post-receive"};

/// The text of a hook's file, at most 64 KiB of it. Empty: it cannot be read.
std::string read_hook(const std::string& path);

/// Writes one of our hooks, which runs `program`, into a directory that exists.
/// A file that is there already with the same text and mode is left alone, any
/// other one is replaced, in one step. Returns why that failed; empty: it did
/// not.
std::string write_hook(const std::string& directory, std::string_view name,
                       const std::string& program);

/// Sees to it that our hooks are in a directory, before a gate starts: writes
/// those that are missing, and those of ours that are of another version or
/// whose program cannot be executed. Leaves alone our hooks that run another
/// program, and hooks of the operator's own. Logs one line each for a hook that
/// was written anew, for a pre-receive that is not ours, and for the first hook
/// that could not be written.
void settle_hooks(const std::string& directory, const std::string& program);

/// Removes our hooks from a directory, and no others.
void remove_hooks(const std::string& directory);

/// Where the programs are that our hooks in the directory `hooks` run, with the
/// places that links lead to. The directories and not the programs: an upgrade
/// puts another file in a program's place.
std::vector<std::string> hook_program_directories(const std::string& hooks);

} // namespace clearance::io
