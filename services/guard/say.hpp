/// What terok-guard says to people.
#pragma once

#include <cstdio>
#include <string>

namespace clearance::services {

/// One line on stderr, `terok-guard: WHAT`. `what` is printable already.
inline void say(const std::string& what) {
  std::fprintf(stderr, "terok-guard: %s\n", what.c_str());
}

} // namespace clearance::services
