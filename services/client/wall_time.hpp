/// The time of day, for what people read. Whatever waits uses steady_clock.
#pragma once

#include <cstdint>
#include <string>

namespace clearance::services {

/// Microseconds since the epoch, UTC.
std::int64_t wall_microseconds() noexcept;

/// That time in the local time zone, in a format of strftime(3) that makes at
/// most 63 characters.
std::string local_text(std::int64_t microseconds, const char* format);

} // namespace clearance::services
