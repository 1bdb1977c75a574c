/// What terok-guard says to people.
#pragma once

#include "services/process/stderr_lines.hpp"

#include <string>

namespace clearance::services {

/// One line on stderr, `terok-guard: WHAT`. `what` is printable already.
inline void say(const std::string& what) {
  say_on_stderr("terok-guard", what);
}

} // namespace clearance::services
