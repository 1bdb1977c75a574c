/// Why a program cannot start.
#pragma once

#include <stdexcept>
#include <string>

namespace clearance::services {

/// The program writes it as one line to stderr; `code` is the exit code.
struct setup_fault : std::runtime_error {
  setup_fault(int exit_code, const std::string& what)
      : std::runtime_error(what), code(exit_code) {}
  int code;
};

} // namespace clearance::services
