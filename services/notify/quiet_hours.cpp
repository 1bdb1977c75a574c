#include "services/notify/quiet_hours.hpp"

#include <algorithm>

namespace clearance::services {

namespace {

constexpr int minutes_a_day = 24 * 60;

int digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : -1;
}

/// The minute of the day of `HH:MM`; -1: it is none.
int minute_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':')
    return -1;
  for (const auto at : {0U, 1U, 3U, 4U})
    if (digit(text[at]) < 0)
      return -1;
  const int hour = digit(text[0]) * 10 + digit(text[1]);
  const int minute = digit(text[3]) * 10 + digit(text[4]);
  return hour < 24 && minute < 60 ? hour * 60 + minute : -1;
}

} // namespace

std::optional<quiet_hours> quiet_hours::parse(std::string_view text) noexcept {
  if (text.size() != 11 || text[5] != '-')
    return std::nullopt;
  const int begin = minute_of(text.substr(0, 5));
  const int end = minute_of(text.substr(6));
  if (begin < 0 || end < 0)
    return std::nullopt;
  return quiet_hours{begin, end};
}

bool quiet_hours::contain(int minute) const noexcept {
  return begin_ <= end_ ? minute >= begin_ && minute < end_
                        : minute >= begin_ || minute < end_;
}

int quiet_hours::until_change(int minute) const noexcept {
  const auto until = [minute](int other) {
    const int wait = (other - minute + minutes_a_day) % minutes_a_day;
    return wait == 0 ? minutes_a_day : wait;
  };
  return std::min(until(begin_), until(end_));
}

} // namespace clearance::services
