/// The time of day, for what people read. Whatever waits uses the actor's
/// clock.
#pragma once

#include <cstdint>

namespace clearance::actors {

/// Microseconds since the epoch, UTC.
std::int64_t wall_clock_now() noexcept;

} // namespace clearance::actors
