/// Whether the gate may start git's services in a repository without asking
/// git.
#pragma once

#include <string>
#include <vector>

namespace clearance::io {

/// True if `path` is a bare repository in which `git http-backend` would start
/// every service. That is: HEAD, objects and refs are there, nothing is shared
/// with another repository, and neither its own configuration nor a file of
/// `more_configuration` (they may be missing) has a section `http`, `include`
/// or `extensions`. A file that cannot be read makes the result false. False is
/// no error: then `git http-backend` decides. Reads a few small files.
bool plain_repository(const std::string& path,
                      const std::vector<std::string>& more_configuration);

} // namespace clearance::io
