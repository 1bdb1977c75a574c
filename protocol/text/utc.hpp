/// Points in time as text, in UTC and without a locale. Source: ISO 8601.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// Characters of `YYYYmmddTHHMMSSZ`.
inline constexpr std::size_t compact_utc_size = 16;

/// `YYYYmmddTHHMMSSZ`.
std::string compact_utc(std::chrono::sys_seconds time);

/// `YYYY-mm-ddTHH:MM:SSZ`.
std::string extended_utc(std::chrono::sys_seconds time);

/// Whether `text` has digits, `T` and `Z` in these places. Month 13 passes.
bool has_compact_utc_form(std::string_view text) noexcept;

/// Nothing: `text` has another form, or there is no such date or time.
std::optional<std::chrono::sys_seconds>
parse_compact_utc(std::string_view text) noexcept;

} // namespace clearance::protocol
