/// Directories that nobody else may look into.
#pragma once

#include <string>

namespace clearance::io {

/// Creates `path` and what is missing above it, 0700, and looks whether it is
/// ours and closed to others; what is there already stays as it is. Empty, or
/// the beginning of a line that names path and cause.
/// Source: clearance.md, section 1, "Binding".
std::string make_private_directory(const std::string& path);

} // namespace clearance::io
