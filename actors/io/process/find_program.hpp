/// Finds programs as a shell does.
#pragma once

#include <string>

namespace clearance::io {

/// The path of the program `name`. A path is returned as it is; a bare name is
/// looked for beside our own executable first, then on PATH. Empty if there is
/// no executable file of that name.
std::string find_program(const std::string& name);

} // namespace clearance::io
