/// Faults of repositories that the gate names at its start.
#pragma once

#include "protocol/gate/grants.hpp"

#include <string>
#include <vector>

namespace clearance::services {

/// Throws setup_fault for a scope such as `r.git` of which `r.git.git` is not
/// there, but `r.git` is: the gate adds `.git` itself. `root` is the mirror
/// root.
void check_scopes(const std::string& root,
                  const std::vector<protocol::grant>& grants);

/// The directories that a repository borrows objects from, as its file
/// objects/info/alternates names them (gitrepository-layout(5)), absolute,
/// without those below `allowed`. A file above 64 KiB counts as its start.
std::vector<std::string> alternates_outside(const std::string& repository,
                                            const std::string& allowed);

/// Logs a warning for each repository of the grants that borrows objects from
/// where a gate in its sandbox cannot read. `allowed` is what it can read;
/// empty: the repository alone.
void warn_of_alternates(const std::string& root,
                        const std::vector<protocol::grant>& grants,
                        const std::string& allowed);

/// Logs a warning for each repository of the grants with lock files in it; see
/// io::lock_search.
void warn_of_locks(const std::string& root,
                   const std::vector<protocol::grant>& grants);

} // namespace clearance::services
