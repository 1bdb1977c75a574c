/// Whether a program must have a sandbox.
#pragma once

#include <cstdint>

namespace clearance::services {

/// The words of `--sandbox`.
enum class sandbox_mode : std::uint8_t {
  /// as far as the kernel supports it; a warning says what is missing
  automatic,
  required, ///< the program does not start without it
  off,
};

} // namespace clearance::services
