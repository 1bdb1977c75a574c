/// Why a program cannot start.
#pragma once

#include <stdexcept>
#include <string>

namespace clearance::services {

/// Told as one line on stderr; `code` is the exit code.
struct setup_fault : std::runtime_error {
  setup_fault(int exit_code, const std::string& what)
      : std::runtime_error(what), code(exit_code) {}
  int code;
};

} // namespace clearance::services
