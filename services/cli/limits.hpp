/// Limits of command lines.
#pragma once

#include <cstddef>

namespace clearance::services::cli_limits {

/// The size of a configuration file. A larger one is refused: nobody wrote it
/// by hand, and a file without an end must not fill the memory.
inline constexpr std::size_t config_file_max_bytes = 64 * 1024;

} // namespace clearance::services::cli_limits
