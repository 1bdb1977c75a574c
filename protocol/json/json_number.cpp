#include "protocol/json/strict_json.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace clearance::protocol {

namespace {

constexpr bool is_json_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// Takes the digits at the beginning of `text`.
std::string_view take_digits(std::string_view& text) noexcept {
  const auto* end = std::find_if_not(text.begin(), text.end(), is_json_digit);
  auto digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

bool take(std::string_view& text, std::string_view any_of) noexcept {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos)
    return false;
  text.remove_prefix(1);
  return true;
}

/// The four parts of a JSON number.
struct number_parts {
  bool negative = false;
  std::string_view whole, fraction;
  std::string_view exponent; // sign and digits
};

std::optional<number_parts> split_number(std::string_view text) noexcept {
  number_parts x;
  x.negative = take(text, "-");
  x.whole = take_digits(text);
  if (x.whole.empty() || (x.whole.size() > 1 && x.whole.front() == '0'))
    return std::nullopt;
  if (take(text, ".") && (x.fraction = take_digits(text)).empty())
    return std::nullopt;
  if (take(text, "eE")) {
    x.exponent = text;
    take(text, "+-");
    if (take_digits(text).empty())
      return std::nullopt;
  }
  if (!text.empty())
    return std::nullopt;
  return x;
}

/// The value of a short integer without sign, fraction and exponent, which
/// nearly every number is.
std::optional<std::int64_t> short_integer(std::string_view text) noexcept {
  constexpr std::size_t max_digits =
      std::numeric_limits<std::int64_t>::digits10;
  if (text.empty() || text.size() > max_digits
      || (text.front() == '0' && text.size() > 1))
    return std::nullopt;
  std::int64_t value = 0;
  for (char c : text) {
    if (!is_json_digit(c))
      return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// The value of the exponent; `huge` if it is too large for any use.
std::int64_t exponent_of(std::string_view text) noexcept {
  constexpr std::int64_t huge = std::numeric_limits<std::int32_t>::max();
  if (text.starts_with('+'))
    text.remove_prefix(1);
  std::int64_t x = 0;
  auto result = std::from_chars(text.data(), text.data() + text.size(), x);
  if (result.ec == std::errc::result_out_of_range)
    return text.starts_with('-') ? -huge : huge;
  return std::clamp(x, -huge, huge);
}

} // namespace

bool is_json_number(std::string_view text) noexcept {
  return short_integer(text) || split_number(text);
}

std::optional<std::int64_t> integer_part(std::string_view text) noexcept {
  using limits = std::numeric_limits<std::int64_t>;
  if (auto value = short_integer(text))
    return value;
  auto x = split_number(text);
  if (!x)
    return std::nullopt;
  // `digits` are the digits before and behind the point. The exponent says how
  // many of them belong to the integer part; if there are too few, zeros
  // follow.
  auto count =
      static_cast<std::int64_t>(x->whole.size()) + exponent_of(x->exponent);
  auto digit_at = [&](std::int64_t i) -> int {
    auto k = static_cast<std::size_t>(i);
    if (k < x->whole.size())
      return x->whole[k] - '0';
    k -= x->whole.size();
    return k < x->fraction.size() ? x->fraction[k] - '0' : 0;
  };
  auto digits = static_cast<std::int64_t>(x->whole.size() + x->fraction.size());
  // counted as a negative number, whose range is larger by one
  std::int64_t value = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    if (i >= digits && value == 0)
      break;
    if (value < limits::min() / 10)
      return std::nullopt;
    value *= 10;
    auto digit = digit_at(i);
    if (value < limits::min() + digit)
      return std::nullopt;
    value -= digit;
  }
  if (x->negative)
    return value;
  if (value == limits::min())
    return std::nullopt;
  return -value;
}

} // namespace clearance::protocol
