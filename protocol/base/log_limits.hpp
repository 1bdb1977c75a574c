/// What a process promises about whoever reads its log slowly or not at all.
/// How many lines it writes is in limits.hpp.
#pragma once

#include <chrono>
#include <cstddef>

namespace clearance::protocol::log_limits {

using namespace std::chrono_literals;

/// What waits for whoever reads the log: two bursts, lines of 256 bytes. When
/// it is full, lines of the lowest severity are lost first and the audit trail
/// last; the number of lost lines is told once the log is read again.
inline constexpr std::size_t queue_max_lines = 4096;
inline constexpr std::size_t queue_max_bytes = 1024 * 1024;

/// How often the number of lost lines is told while the queue is never empty.
inline constexpr auto lost_interval = 1s;

/// What a process that ends waits for its log to be read: SIGTERM must end it
/// within a second even if nobody reads.
inline constexpr auto flush_max = 500ms;

/// How often the log says again that containers have too many open requests.
inline constexpr auto eviction_reminder = 60s;

} // namespace clearance::protocol::log_limits
