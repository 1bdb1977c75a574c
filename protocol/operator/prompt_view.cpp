#include "protocol/operator/prompt_view.hpp"

#include <algorithm>
#include <unordered_map>

namespace clearance::protocol {

std::string_view group_of(const listed_prompt& x, prompt_grouping by) noexcept {
  switch (by) {
  case prompt_grouping::container:
    return x.container;
  case prompt_grouping::target:
    return x.target;
  case prompt_grouping::none:
    break;
  }
  return {};
}

void prompt_view::update(const prompt_list& list) {
  std::vector<std::vector<std::uint64_t>> groups;
  std::unordered_map<std::string_view, std::size_t> places;
  for (const auto& [number, x] : list.all()) {
    if (!x.prompt.is_open() || !filter_.fits(x.prompt))
      continue;
    const auto name = group_of(x.prompt, by_);
    const auto place = places.try_emplace(name, groups.size());
    if (place.second)
      groups.emplace_back();
    groups[place.first->second].push_back(number);
  }
  rows_.clear();
  for (const auto& group : groups)
    rows_.insert(rows_.end(), group.begin(), group.end());
  std::erase_if(marks_, [&](const auto& mark) {
    const auto* x = list.find(mark.first);
    return x == nullptr || !x->prompt.is_open()
           || x->prompt.revision != mark.second;
  });
  if (!selected_)
    return;
  if (auto row = selected_row())
    last_row_ = *row;
  else
    selected_.reset();
}

void prompt_view::set_filter(std::string_view text) {
  filter_text_ = text;
  filter_ = prompt_filter{text};
}

std::optional<std::size_t> prompt_view::selected_row() const {
  if (!selected_)
    return std::nullopt;
  const auto i = std::find(rows_.begin(), rows_.end(), *selected_);
  if (i == rows_.end())
    return std::nullopt;
  return static_cast<std::size_t>(i - rows_.begin());
}

void prompt_view::move(std::ptrdiff_t rows) {
  if (rows_.empty())
    return;
  const auto last = static_cast<std::ptrdiff_t>(rows_.size()) - 1;
  auto row = static_cast<std::ptrdiff_t>(last_row_) + (selected_ ? rows : 0);
  row = std::clamp<std::ptrdiff_t>(row, 0, last);
  move_to(static_cast<std::size_t>(row));
}

void prompt_view::select_last() {
  if (!rows_.empty())
    move_to(rows_.size() - 1);
}

void prompt_view::select(std::uint64_t number) {
  const auto i = std::find(rows_.begin(), rows_.end(), number);
  if (i != rows_.end())
    move_to(static_cast<std::size_t>(i - rows_.begin()));
}

void prompt_view::move_to(std::size_t row) {
  if (row >= rows_.size())
    return;
  last_row_ = row;
  selected_ = rows_[row];
}

bool prompt_view::toggle_mark(const prompt_list& list) {
  const auto* x = selected_ ? list.find(*selected_) : nullptr;
  if (x == nullptr)
    return false;
  if (marks_.erase(x->number) == 0)
    marks_.emplace(x->number, x->prompt.revision);
  return true;
}

void prompt_view::toggle_all(const prompt_list& list) {
  const auto counts = [&](auto number) {
    const auto* x = list.find(number);
    return x != nullptr && !x->prompt.quiet;
  };
  const bool all = std::all_of(rows_.begin(), rows_.end(), [&](auto number) {
    return is_marked(number) || !counts(number);
  });
  for (auto number : rows_) {
    if (all)
      marks_.erase(number);
    else if (counts(number))
      marks_.emplace(number, list.find(number)->prompt.revision);
  }
}

} // namespace clearance::protocol
