/// Messages of a hook to the client and to the gate's log.
#pragma once

#include <string>

namespace clearance::services {

/// Tells the client that pushes. `text` is printable.
void tell_client(const std::string& text);

/// Tells the client and the gate's log that something went wrong, or that a
/// push is refused. `text` is printable.
void report_finding(const std::string& text);

} // namespace clearance::services
