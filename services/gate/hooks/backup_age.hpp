/// How long a backup is kept.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace clearance::services {

/// Parses a number of days, from 1 to 36500. No value: `text` is no such
/// number.
std::optional<std::chrono::days> parse_days(std::string_view text);

/// How long the gate that runs this hook keeps backups; gate_limits::backup_age
/// unless the gate says otherwise.
std::chrono::seconds backup_max_age();

} // namespace clearance::services
