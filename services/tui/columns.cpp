#include "services/tui/columns.hpp"

#include "services/tui/cells.hpp"

#include <algorithm>

namespace clearance::services {

namespace {

/// `>*! `
constexpr std::size_t marks_width = 4;
constexpr std::size_t target_min = 22;
constexpr std::size_t target_least = 14;
constexpr std::size_t note_min = 12;
/// From which width on there is room for `8080, 443`.
constexpr std::size_t two_ports_from = 130;
constexpr std::size_t two_ports = 9;
constexpr std::size_t container_min = 12;

// On 80 columns there is no room for the task: what is asked for and what is
// odd about it matter more, and the selected prompt is told whole below the
// list.

/// From which width of the terminal on a column is there.
struct known_column {
  const char* title;
  std::string row_texts::*text;
  std::size_t width;
  bool is_right;
  std::size_t from;
};

using texts = row_texts;

constexpr known_column all_columns[] = {
    {"CONTAINER", &texts::container, container_min, false, 48},
    {"TASK", &texts::task, 12, false, 92},
    {"TARGET", &texts::target, target_min, false, 0},
    {"ADDRESS", &texts::address, 18, false, 110},
    {"PORT", &texts::port, 5, true, 56},
    {"HITS", &texts::hits, 5, true, 100},
    {"AGE", &texts::age, 6, true, 64},
    {"HUB", &texts::hub, 15, false, 130},
    {"NOTE", &texts::note, note_min, false, 40},
};

} // namespace

column_layout::column_layout(std::size_t width, bool has_hubs, const wants& x)
    : width_(width), note_at_(width) {
  std::size_t used = marks_width;
  for (const auto& each : all_columns) {
    if (width < each.from || (each.text == &texts::hub && !has_hubs))
      continue;
    // Short targets leave room for notes.
    auto size = each.width;
    if (each.text == &texts::target)
      size = std::clamp(x.target, target_least, target_min);
    if (each.text == &texts::port && width >= two_ports_from)
      size = two_ports;
    columns_.push_back({each.title, each.text, size, each.is_right});
    used += size + 2;
  }
  // What is left over is for target, note and container, because they must be
  // whole before an allow; the task gets a part of the rest.
  auto left = width > used ? width - used : 0;
  const auto widen = [&](std::string texts::*text, std::size_t by) {
    for (auto& each : columns_)
      if (each.text == text) {
        by = std::min(by, left);
        each.width += by;
        left -= by;
      }
  };
  if (width < used)
    for (auto& each : columns_)
      if (each.text == &texts::target)
        each.width =
            each.width > used - width ? each.width - (used - width) : 1;
  const auto over = [](std::size_t a, std::size_t b) {
    return a > b ? a - b : 0;
  };
  const auto for_target = over(x.target, target_min);
  widen(&texts::note, std::min(over(x.note, note_min),
                               std::max(left / 2, over(left, for_target))));
  widen(&texts::container,
        std::min(over(x.container, container_min), over(left, for_target)));
  widen(&texts::task, std::min<std::size_t>(over(left, for_target) / 3, 14));
  widen(&texts::target, left);
  std::size_t at = marks_width;
  for (const auto& each : columns_) {
    if (each.text == &texts::note)
      note_at_ = at;
    at += each.width + 2;
  }
}

std::string column_layout::titles() const {
  std::string result(marks_width, ' ');
  for (const auto& x : columns_) {
    auto text = fitted(x.title, x.width);
    if (x.is_right)
      std::rotate(
          text.begin(),
          text.begin()
              + static_cast<std::ptrdiff_t>(std::string{x.title}.size()),
          text.end());
    result += text + "  ";
  }
  return fitted(result, width_);
}

bool column_layout::is_whole(const row_texts& x) const {
  const auto fits = [&](std::string texts::*text) {
    return (x.*text).empty()
           || std::any_of(columns_.begin(), columns_.end(), [&](const auto& y) {
                return y.text == text && (x.*text).size() <= y.width;
              });
  };
  return fits(&texts::container) && fits(&texts::target) && fits(&texts::note);
}

std::string column_layout::row(const row_texts& x) const {
  std::string result{x.cursor, x.mark, x.flag, ' '};
  for (const auto& each : columns_) {
    const auto& text = x.*each.text;
    if (each.is_right && text.size() < each.width)
      result += std::string(each.width - text.size(), ' ') + text;
    else if (each.text == &texts::target || each.text == &texts::container)
      result += fitted_middle(text, each.width);
    else
      result += fitted(text, each.width);
    result += "  ";
  }
  return fitted(result, width_);
}

} // namespace clearance::services
