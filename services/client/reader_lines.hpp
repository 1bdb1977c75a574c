/// The JSON lines that readers send.
#pragma once

#include "services/client/emit.hpp"

#include <string>

namespace clearance::services {

/// Appends one JSON line, newline included. An empty optional value is left
/// out. Source: clearance.md, section 2.
void append_line(std::string& out, const emit_line& x);

/// The container's short id and a random number. Each call returns another one,
/// so a second `emit` makes a new request and does not replace the first.
std::string make_request_id(const std::string& container);

} // namespace clearance::services
