/// The marker as a file in the repository, which is the working directory.
#pragma once

#include <string>

namespace clearance::services {

/// Empty when it is not there.
std::string read_push_marker();

/// Returns what went wrong, printable; empty: nothing. Leaves no other file.
std::string replace_push_marker(const std::string& text);

} // namespace clearance::services
