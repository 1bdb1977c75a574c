/// What the values of a reader line mean.
#pragma once

#include "protocol/hub/event.hpp"
#include "protocol/json/strict_json.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace clearance::protocol {

/// The event of a reader's `type`; nothing for a word that readers do not use.
std::optional<event_type> reader_event_type(std::string_view word) noexcept;

/// `text` without the white space of ASCII at both ends.
std::string_view trimmed(std::string_view text) noexcept;

/// A value as text: what is no string becomes "True", "False", "None" or its
/// source text. Valid as `x.text` is.
std::string_view text_of(const json_item& x) noexcept;

/// A `port` or `proto`: the integer part of a number, or a string of
/// `[+-]?[0-9]+` in white space. Nothing for all else and what does not fit.
std::optional<std::int64_t> integer_of(const json_item& x) noexcept;

} // namespace clearance::protocol
