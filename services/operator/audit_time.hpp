/// Points in time as people type them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace clearance::services {

/// What `word` says, as seen from `now`: `7d`, `12h`, `30m`, `YYYY-mm-dd`, or
/// `YYYY-mm-ddTHH:MM:SSZ`. Microseconds since the epoch.
std::optional<std::int64_t> parse_audit_time(const std::string& word,
                                             std::int64_t now);

} // namespace clearance::services
