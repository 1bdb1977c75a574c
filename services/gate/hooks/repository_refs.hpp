/// The refs of a repository as hooks and the operator's commands change them.
/// All of these wait for git and run it in the working directory.
#pragma once

#include "protocol/gate/backup.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace clearance::services {

/// Makes the bare repository at `path` the working directory and the one that
/// git uses. Returns why that failed, printable; empty: it did not.
std::string enter_repository(const std::string& path);

/// Refs with their values, or why they cannot be read.
struct listed_refs {
  std::vector<protocol::backup> refs;
  std::string why; ///< printable; empty: all is well
};

/// The ref `pattern` and all refs below it.
listed_refs list_refs(const std::string& pattern);

/// Runs the input of `git update-ref --stdin -z`. Returns why nothing was
/// changed, printable; empty: all of it was done.
std::string change_refs(const std::string& transaction);

/// Returns why the refs were not packed, printable; empty: they were.
std::string pack_refs();

/// Backups that are files of their own. Does not count on beyond `most` + 1.
std::size_t count_loose_backups(std::size_t most);

} // namespace clearance::services
