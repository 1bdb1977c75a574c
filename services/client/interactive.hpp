/// Whether a person sits in front of the program.
#pragma once

namespace clearance::services {

/// stdin and stdout are terminals that can place text: TERM is neither missing
/// nor `dumb`.
bool is_interactive();

} // namespace clearance::services
