/// Directories that no other user can access.
#pragma once

#include <string>

namespace clearance::io {

/// Creates `path` and its missing parents with mode 0700. Then checks that
/// `path` is ours and closed to others. An existing directory is not changed.
/// Returns an empty text, or the beginning of an error line that names path and
/// cause. Source: clearance.md, section 1, "Binding".
std::string make_private_directory(const std::string& path);

} // namespace clearance::io
