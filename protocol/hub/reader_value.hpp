/// How the values of a reader line are converted.
#pragma once

#include "protocol/hub/event.hpp"
#include "protocol/json/strict_json.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace clearance::protocol {

/// The event type for a reader's `type`; nothing for a word that readers do not
/// use.
std::optional<event_type> reader_event_type(std::string_view word) noexcept;

/// The value as text. A value that is not a string becomes "True", "False",
/// "None" or its source text. Valid as long as `x.text`.
std::string_view text_of(const json_item& x) noexcept;

/// The value of `port` or `proto`: the integer part of a number, or a string of
/// `[+-]?[0-9]+` with white space around it. Nothing for every other value, and
/// for one that does not fit.
std::optional<std::int64_t> integer_of(const json_item& x) noexcept;

} // namespace clearance::protocol
