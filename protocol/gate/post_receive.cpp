#include "protocol/gate/post_receive.hpp"

#include <algorithm>
#include <cstdio>

namespace clearance::protocol {

namespace {

constexpr std::string_view heads = "refs/heads/";

bool is_id(std::string_view text) noexcept {
  return (text.size() == 40 || text.size() == 64)
         && std::all_of(text.begin(), text.end(), [](char c) {
              return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            });
}

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

} // namespace

std::optional<ref_update> parse_ref_update(std::string_view line) {
  const auto first = line.find(' ');
  if (first == std::string_view::npos)
    return std::nullopt;
  const auto second = line.find(' ', first + 1);
  if (second == std::string_view::npos)
    return std::nullopt;
  ref_update result{std::string(line.substr(0, first)),
                    std::string(line.substr(first + 1, second - first - 1)),
                    std::string(line.substr(second + 1))};
  if (!is_id(result.old_id) || !is_id(result.new_id)
      || result.old_id.size() != result.new_id.size() || result.ref.empty())
    return std::nullopt;
  return result;
}

bool is_null_id(std::string_view id) noexcept {
  return id.find_first_not_of('0') == std::string_view::npos;
}

old_tip fate_of_old_tip(const ref_update& x) noexcept {
  if (!std::string_view(x.ref).starts_with(heads) || is_null_id(x.old_id))
    return old_tip::kept;
  return is_null_id(x.new_id) ? old_tip::deleted : old_tip::moved;
}

std::string backup_ref(const ref_update& x, std::chrono::sys_seconds now) {
  return "refs/terok/backup/" + x.ref.substr(heads.size()) + '/'
         + formatted("%04d%02u%02uT%02d%02d%02dZ", now) + '-'
         + x.old_id.substr(0, 12);
}

std::string push_marker(std::chrono::sys_seconds now,
                        const std::vector<ref_update>& updates,
                        const std::vector<std::string>& notes) {
  auto result = formatted("%04d-%02u-%02uT%02d:%02d:%02dZ", now) + '\n';
  for (const auto& x : updates)
    result += x.old_id + ' ' + x.new_id + ' ' + x.ref + '\n';
  for (const auto& x : notes)
    result += x + '\n';
  return result;
}

} // namespace clearance::protocol
