/// The clock that measures every wait. It only runs forward, also when somebody
/// sets the wall clock.
#pragma once

#include <chrono>

namespace clearance::protocol {

using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

} // namespace clearance::protocol
