/// Whether git's services may be started in a repository without asking git.
#pragma once

#include <string>
#include <vector>

namespace clearance::io {

/// True when `path` is a bare repository in which `git http-backend` would
/// start every service: its HEAD, objects and refs are there, it shares nothing
/// with another repository, and neither its own configuration nor one of
/// `more_configuration` (files that may be missing) has a section `http`,
/// `include` or `extensions`. What cannot be read is not plain. False is no
/// error: then `git http-backend` decides. Reads a few small files.
bool plain_repository(const std::string& path,
                      const std::vector<std::string>& more_configuration);

} // namespace clearance::io
