/// How old a backup gets.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace clearance::services {

/// Days, from 1 to 36500. Nothing: `text` is no such number.
std::optional<std::chrono::days> parse_days(std::string_view text);

/// Of the gate that runs this hook, or gate_limits::backup_age.
std::chrono::seconds backup_max_age();

} // namespace clearance::services
