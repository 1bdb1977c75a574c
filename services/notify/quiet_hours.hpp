/// The hours in which the desktop shows nothing.
#pragma once

#include <optional>
#include <string_view>

namespace clearance::services {

/// `22:00-07:00`: from the first minute on, until the second one. They may pass
/// midnight. The same minute twice is no time at all.
class quiet_hours {
public:
  /// Nothing: `text` is no HH:MM-HH:MM.
  static std::optional<quiet_hours> parse(std::string_view text) noexcept;

  /// `minute` of the day, 0 to 1439.
  bool contain(int minute) const noexcept;

  /// Minutes from `minute` until they begin or end, 1 to 1440.
  int until_change(int minute) const noexcept;

private:
  quiet_hours(int begin, int end) noexcept : begin_(begin), end_(end) {}

  int begin_;
  int end_;
};

} // namespace clearance::services
