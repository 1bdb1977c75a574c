/// Directories that no other user can access.
#pragma once

#include <cstdint>
#include <string>

namespace clearance::io {

/// What happens to a directory of ours that others can access.
enum class open_to_others : std::uint8_t {
  refuse, ///< it is a fault
  close,  ///< its mode becomes 0700
};

/// Creates `path` with mode 0700, and its missing parents with mode 0755. Then
/// checks that `path` is ours and closed to others. Returns an empty text, or
/// the beginning of an error line that names path and cause.
/// Source: clearance.md, section 1, "Binding".
std::string make_private_directory(const std::string& path,
                                   open_to_others x = open_to_others::refuse);

} // namespace clearance::io
