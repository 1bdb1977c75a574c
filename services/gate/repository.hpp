/// What is wrong with a repository before anybody asks for it.
#pragma once

#include "protocol/gate/grants.hpp"

#include <string>
#include <vector>

namespace clearance::services {

/// A grant's scope that names no repository, because of a `.git` that the gate
/// adds itself. Throws setup_fault that says which name was meant. `root` is
/// the mirror root.
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

/// Git's lock files that lie in a repository and belong to our user: beside
/// HEAD, and below refs/. Sorted. Looks at no more than 100 000 files.
std::vector<std::string> lock_files(const std::string& repository);

/// Logs a warning for each repository of the grants with lock files in it: a
/// git that was killed left them, and no push can change what they lock.
void warn_of_locks(const std::string& root,
                   const std::vector<protocol::grant>& grants);

} // namespace clearance::services
