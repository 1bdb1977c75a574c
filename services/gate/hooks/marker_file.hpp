/// The marker as a file in the repository, which is the working directory.
#pragma once

#include <string>

namespace clearance::services {

/// The marker's text. Empty: there is none, or it cannot be read.
std::string read_push_marker();

/// Writes a new marker in the old one's place. Returns what went wrong,
/// printable; empty: nothing did. Leaves no temporary file.
std::string replace_push_marker(const std::string& text);

} // namespace clearance::services
