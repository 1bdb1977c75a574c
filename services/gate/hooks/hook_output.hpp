/// What a hook says, and to whom.
#pragma once

#include <string>

namespace clearance::services {

/// To the client that pushes. `text` is printable.
void tell_client(const std::string& text);

/// To the client and to the gate's log: something went wrong, or a push is
/// refused. `text` is printable.
void report_finding(const std::string& text);

} // namespace clearance::services
