/// What the program tells the person who started it.
#pragma once

#include <string_view>

namespace clearance::services {

/// Writes `terok-clearance-web: ` and `what` as one line to stderr. `what` must
/// be printable and must not have a token.
void say_of_web(std::string_view what);

} // namespace clearance::services
