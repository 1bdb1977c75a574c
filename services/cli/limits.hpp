/// What the command lines bound.
#pragma once

#include <cstddef>

namespace clearance::services::cli_limits {

/// A configuration file. A larger one was not written by hand, and one without
/// an end must not fill the memory: it is refused.
inline constexpr std::size_t config_file_max_bytes = 64 * 1024;

} // namespace clearance::services::cli_limits
