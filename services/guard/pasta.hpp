/// pasta connects a network namespace to the outside without any privilege.
/// Source: passt(1).
#pragma once

#include "services/guard/helper_program.hpp"

#include <string>
#include <sys/types.h>

namespace clearance::services {

/// Its path. Throws setup_fault when it is not installed.
std::string find_pasta();

/// Connects the namespace of process `pid`, and returns when that is done.
/// Nothing of the host can be reached through it, and nothing of the namespace
/// from outside. `directory` is a private one. Throws setup_fault.
helper_program start_pasta(const std::string& program, pid_t pid,
                           const std::string& directory);

} // namespace clearance::services
