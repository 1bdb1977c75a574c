/// The terminal interface without a terminal: keys and changes in, pictures and
/// wishes out. Source: clients.md, section 1.
#pragma once

#include "protocol/operator/prompt_view.hpp"
#include "services/client/operator_calls.hpp"
#include "services/tui/cells.hpp"
#include "services/tui/columns.hpp"
#include "services/tui/decision_guard.hpp"
#include "services/tui/key_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::services {

/// What the owner has to do. The answer goes to the function of that name.
struct decide_wish {
  std::uint64_t number = 0;
  protocol::prompt_key prompt;
  std::int64_t revision = 0; ///< that was on the screen
  protocol::action action = protocol::action::deny;
  std::string reason;
  std::optional<std::int64_t> seconds = {}; ///< the allow ends after them
};
struct explain_wish {
  std::uint64_t number = 0;
  protocol::prompt_key prompt;
};
struct quiet_wish {
  std::string hub;
  std::string container;
  bool on = false;
};
struct rules_wish {
  std::string hub;
};
struct suspend_wish {};
struct redraw_wish {};
struct quit_wish {};

using screen_wish =
    std::variant<decide_wish, explain_wish, quiet_wish, rules_wish,
                 suspend_wish, redraw_wish, quit_wish>;

/// What the picture needs to know of time.
struct screen_time {
  protocol::time_point now;
  std::int64_t wall = 0;  ///< microseconds since the epoch
  std::string_view clock; ///< `22:14`, local
  std::string_view today; ///< `2026-11-29`: what a rule's end is made from
};

/// One person in front of one terminal.
class screen {
public:
  /// `list` must outlive the screen. With `has_lines` the picture has lines
  /// that are not ASCII. `runtime` is where hubs are looked for.
  screen(const protocol::prompt_list& list, bool has_lines,
         std::string runtime = {})
      : list_(list), has_lines_(has_lines), runtime_(std::move(runtime)) {
    // nop
  }

  /// Takes one key. The picture must be drawn before, if the list has changed:
  /// what a person presses is meant for what is on the screen.
  std::vector<screen_wish> press(const key& x, const screen_time& time);

  /// Draws a picture of that size, which is then on the screen.
  cell_grid draw(std::size_t rows, std::size_t columns,
                 const screen_time& time);

  /// The screen is not visible for a while.
  void hidden() { guard_.hidden(); }

  void decided(const decide_wish& of, const decision_outcome& x);
  void explained(std::uint64_t number, const call_result& x);
  void quieted(const quiet_wish& of, const call_result& x);
  void got_rules(const std::string& hub, const call_result& x);
  /// One line at the bottom, until the next key.
  void notice(std::string text, tone meaning = tone::normal);

private:
  enum class tab { waiting, decided, rules, hubs };
  enum class overlay { none, help, details, text };
  enum class input { none, filter, reason, number, scope };

  struct batch {
    protocol::action action = protocol::action::deny;
    std::vector<decide_wish> wishes;
    std::string note; // what was left out
  };
  /// What stands in one line of the list.
  struct list_line {
    std::optional<std::uint64_t> number;
    std::string heading;
  };

  // keys
  using wishes = std::vector<screen_wish>;
  void press_input(const key& x, const screen_time& time, wishes& out);
  void finish_input(wishes& out);
  void press_page(const key& x, const screen_time& time, wishes& out);
  void press_list(const key& x, const screen_time& time, wishes& out);
  void press_letter(char c, const screen_time& time, wishes& out);
  void next_tab(wishes& out);
  void begin_input(input what);
  void decide(protocol::action action, const screen_time& time, wishes& out);
  void decide_selected(protocol::action action, const screen_time& time,
                       wishes& out, std::optional<std::int64_t> seconds = {});
  void press_scope(const key& x, const screen_time& time, wishes& out);
  void ask_scope(const screen_time& time);
  void click(std::size_t row);
  void decide_marked(protocol::action action, const screen_time& time,
                     wishes& out);
  void confirm(wishes& out);
  void send(std::vector<decide_wish> all, wishes& out);
  void show_rule(const screen_time& time);
  const protocol::list_entry* selected() const;

  // pictures
  void update();
  std::vector<std::string> empty_texts() const;
  std::vector<std::string> no_hub_texts() const;
  void draw_header(cell_grid& to, const screen_time& time) const;
  void draw_list(cell_grid& to, std::size_t begin, std::size_t end,
                 const screen_time& time);
  /// Each returns whether target, container and flags are whole there.
  bool draw_entry(cell_grid& to, std::size_t row, const protocol::list_entry& x,
                  const column_layout& layout, const screen_time& time) const;
  std::string note_of(const protocol::list_entry& x) const;
  column_layout layout_of(const std::vector<list_line>& lines,
                          std::size_t columns) const;
  bool draw_consequences(cell_grid& to, std::size_t begin,
                         std::size_t end) const;
  void draw_details(cell_grid& to, std::size_t begin, std::size_t end,
                    const std::vector<std::string>& lines);
  void is_whole(const protocol::list_entry& x);
  /// Returns how many lines of the page are on the screen.
  std::size_t draw_page(cell_grid& to, std::size_t begin, std::size_t end,
                        const std::vector<std::string>& lines);
  void draw_bottom(cell_grid& to) const;
  std::vector<list_line> lines_of_list() const;
  void scroll_to_selection(const std::vector<list_line>& lines,
                           std::size_t height);
  std::vector<std::string> page_lines(std::size_t columns,
                                      const screen_time& time) const;
  std::vector<std::string> details_lines(const screen_time& time) const;
  std::vector<std::string> decided_lines(const screen_time& time) const;
  std::vector<std::string> rules_lines() const;
  std::vector<std::string> hubs_lines(const screen_time& time) const;

  const protocol::prompt_list& list_;
  bool has_lines_;
  std::string runtime_;
  protocol::prompt_view view_;
  decision_guard guard_;
  tab tab_ = tab::waiting;
  overlay overlay_ = overlay::none;
  input input_ = input::none;
  std::string typed_;
  std::string filter_before_;
  std::string reason_; // for the next decision
  batch confirmed_;    // what the typed number is about
  std::string notice_;
  tone notice_tone_ = tone::normal;
  std::string page_title_;             // of overlay::text
  std::vector<std::string> page_text_; // of overlay::text
  std::size_t page_top_ = 0;
  std::size_t page_height_ = 1;
  std::size_t top_ = 0; // the first line of the list on the screen
  /// The prompts of the list that are on the screen, by row.
  std::map<std::size_t, std::uint64_t> rows_shown_;
  std::optional<std::uint64_t> anchor_; // the selection of the last picture
  std::size_t anchor_line_ = 0;         // ... and where it was on the screen
  bool user_acted_ = false;
  std::uint64_t focus_ = 0; // changes with selection, marks and page
  /// What an allow is about must have been read: prompts whose target,
  /// container and flags are whole on the last picture, and the revisions of
  /// those that ever were.
  std::set<std::uint64_t> whole_;
  std::map<std::uint64_t, std::int64_t> whole_before_;
  /// The page of details: how many lines of its beginning were on the screen,
  /// and of what they speak.
  struct details_sight {
    std::uint64_t number = 0;
    std::int64_t revision = 0;
    std::size_t columns = 0;

    friend bool operator==(const details_sight&,
                           const details_sight&) = default;
  };
  details_sight details_;
  std::size_t details_seen_ = 0;
  std::uint64_t drawn_version_ = 0;
  std::uint64_t updated_version_ = ~std::uint64_t{0};
  std::uint64_t vanished_ = 0; // of the list, when it was updated last
  /// What the last decision of this person did, for the page of a prompt that
  /// is gone.
  std::string own_answer_;
  std::string left_out_; // which marked prompts were not sent, and why
  /// Prompts whose decision a hub has not answered, as they were then.
  std::map<std::uint64_t, protocol::listed_prompt> asked_;
  std::map<std::string, std::vector<std::string>> rules_; // by hub
  quiet_switches quiet_;
};

} // namespace clearance::services
