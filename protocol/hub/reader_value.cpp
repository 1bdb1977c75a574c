#include "protocol/hub/reader_value.hpp"

#include "protocol/text/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace clearance::protocol {

namespace {

using kind = json_item::kind;

struct reader_word {
  std::string_view word;
  event_type type;
};

/// The words for `type`. "pending" is the readers' word for connection_blocked.
/// "shield_down_all" is an older name of shield_disengaged that some readers
/// still send. verdict_applied is missing because only the hub announces it.
constexpr std::array<reader_word, 8> reader_words{{
    {"pending", event_type::connection_blocked},
    {"connection_blocked", event_type::connection_blocked},
    {"container_started", event_type::container_started},
    {"container_exited", event_type::container_exited},
    {"shield_up", event_type::shield_up},
    {"shield_down", event_type::shield_down},
    {"shield_disengaged", event_type::shield_disengaged},
    {"shield_down_all", event_type::shield_disengaged},
}};

} // namespace

std::optional<event_type> reader_event_type(std::string_view word) noexcept {
  const auto* i = std::ranges::find(reader_words, word, &reader_word::word);
  if (i == reader_words.end())
    return std::nullopt;
  return i->type;
}

std::string_view text_of(const json_item& x) noexcept {
  switch (x.type) {
  case kind::null:
    return "None";
  case kind::boolean:
    return x.text == "true" ? "True" : "False";
  case kind::number:
  case kind::string:
  case kind::array:
  case kind::object:
    return x.text;
  }
  return {}; // not reached: every kind is listed
}

std::optional<std::int64_t> integer_of(const json_item& x) noexcept {
  if (x.type == kind::number)
    return integer_part(x.text);
  if (x.type != kind::string)
    return std::nullopt;
  auto text = trimmed(x.text);
  // from_chars accepts a minus sign but no plus sign.
  if (text.starts_with('+') && !text.starts_with("+-"))
    text.remove_prefix(1);
  std::int64_t value = 0;
  const auto* end = text.data() + text.size();
  auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc{} || result.ptr != end)
    return std::nullopt;
  return value;
}

} // namespace clearance::protocol
