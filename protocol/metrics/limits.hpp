/// Limits of the metrics: value, unit, reason, and what happens at the limit.
/// The other limits of HTTP are the gate's.
#pragma once

#include <chrono>
#include <cstddef>

namespace clearance::protocol::metrics_limits {

using namespace std::chrono_literals;

/// Connections to the socket of the metrics. When as many are open, the oldest
/// whose client has not sent a whole request is closed for a new one, so that
/// clients which send nothing, or little, keep no scraper out. If there is
/// none, a new one waits in the kernel's queue.
inline constexpr std::size_t metrics_connections_max = 8;

/// From a request's first byte (of a new connection: from its start) to the
/// end of its headers. Beyond it: 408 and close. A body is not waited for.
inline constexpr auto metrics_request_time_limit = 5s;

/// A client that takes no byte of its answer for this long is cut off.
inline constexpr auto metrics_write_time_limit = 5s;

/// A scrape within this time gets the text that was made for an earlier one: so
/// scrapes cost no more when there are more of them.
inline constexpr auto metrics_age_max = 250ms;

} // namespace clearance::protocol::metrics_limits
