/// What one operator looks at: the part of the list that a filter shows, in
/// groups, with a selection and marks.
#pragma once

#include "protocol/operator/prompt_filter.hpp"
#include "protocol/operator/prompt_list.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace clearance::protocol {

enum class prompt_grouping : std::uint8_t { none, container, target };

/// The container or the target of `x`; empty without groups.
std::string_view group_of(const listed_prompt& x, prompt_grouping by) noexcept;

/// Rows are the prompts that wait or are being decided, in their order. Groups
/// stand in the order in which their first prompt appeared.
///
/// The selection is a prompt and not a row. When the prompt is no longer shown,
/// nothing is selected: no key meant for it may reach its neighbour.
class prompt_view {
public:
  /// Takes a changed list, and forgets the selection and marks of prompts that
  /// are no longer there. A mark is for one revision of a prompt: a changed
  /// prompt loses it.
  void update(const prompt_list& list);

  // Each needs an update() afterwards.
  void set_filter(std::string_view text);
  void set_grouping(prompt_grouping by) noexcept { by_ = by; }

  const std::string& filter() const noexcept { return filter_text_; }
  prompt_grouping grouping() const noexcept { return by_; }

  /// Numbers of the list's entries.
  const std::vector<std::uint64_t>& rows() const noexcept { return rows_; }
  const std::optional<std::uint64_t>& selected() const noexcept {
    return selected_;
  }
  /// Where the selection is among the rows.
  std::optional<std::size_t> selected_row() const;

  /// Selects the row that lies `rows` below the selected one (above it, if
  /// negative), or the nearest that there is. If nothing is selected, the row
  /// where the last selection was is selected.
  void move(std::ptrdiff_t rows);
  void select_first() { move_to(0); }
  void select_last();
  void select(std::uint64_t number);

  /// Marks the selected prompt, or removes its mark. False: nothing is
  /// selected, or it is not there.
  bool toggle_mark(const prompt_list& list);
  /// Marks all rows that are not quiet; if all have a mark, removes all marks.
  void toggle_all(const prompt_list& list);
  void clear_marks() { marks_.clear(); }
  void unmark(std::uint64_t number) { marks_.erase(number); }
  bool is_marked(std::uint64_t number) const { return marks_.contains(number); }
  /// The revision that was marked, by number.
  const std::map<std::uint64_t, std::int64_t>& marks() const noexcept {
    return marks_;
  }

private:
  void move_to(std::size_t row);

  prompt_filter filter_;
  std::string filter_text_;
  prompt_grouping by_ = prompt_grouping::none;
  std::vector<std::uint64_t> rows_;
  std::optional<std::uint64_t> selected_;
  std::size_t last_row_ = 0; // where the selection is, or was last
  std::map<std::uint64_t, std::int64_t> marks_;
};

} // namespace clearance::protocol
