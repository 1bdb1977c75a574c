/// How much a program is to give up at its start.
#pragma once

#include <cstdint>

namespace clearance::services {

/// The words of `--sandbox`.
enum class sandbox_mode : std::uint8_t {
  automatic, ///< as far as the kernel can; what it cannot is a warning
  required,  ///< or do not start
  off,
};

} // namespace clearance::services
