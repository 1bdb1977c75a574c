#include "protocol/text/utc.hpp"

#include <cstdio>

namespace clearance::protocol {

namespace {

// The calendar fields of `now`, in UTC, put into `format`.
std::string formatted(const char* format, std::chrono::sys_seconds now) {
  const auto days = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss time(now - days);
  char text[64];
  const auto size = std::snprintf(
      text, sizeof text, format, static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()),
      static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()));
  return {text, static_cast<std::size_t>(size)};
}

int number(std::string_view digits) noexcept {
  int result = 0;
  for (const char c : digits)
    result = result * 10 + (c - '0');
  return result;
}

} // namespace

std::string compact_utc(std::chrono::sys_seconds time) {
  return formatted("%04d%02u%02uT%02d%02d%02dZ", time);
}

std::string extended_utc(std::chrono::sys_seconds time) {
  return formatted("%04d-%02u-%02uT%02d:%02d:%02dZ", time);
}

bool has_compact_utc_form(std::string_view text) noexcept {
  if (text.size() != compact_utc_size || text[8] != 'T' || text[15] != 'Z')
    return false;
  for (std::size_t i = 0; i < 15; ++i)
    if (i != 8 && (text[i] < '0' || text[i] > '9'))
      return false;
  return true;
}

std::optional<std::chrono::sys_seconds>
parse_compact_utc(std::string_view text) noexcept {
  using namespace std::chrono;
  if (!has_compact_utc_form(text))
    return std::nullopt;
  const year_month_day date{
      year{number(text.substr(0, 4))},
      month{static_cast<unsigned>(number(text.substr(4, 2)))},
      day{static_cast<unsigned>(number(text.substr(6, 2)))}};
  const auto hour = number(text.substr(9, 2));
  const auto minute = number(text.substr(11, 2));
  const auto second = number(text.substr(13, 2));
  if (!date.ok() || hour > 23 || minute > 59 || second > 59)
    return std::nullopt;
  return sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
}

} // namespace clearance::protocol
