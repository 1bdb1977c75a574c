#include "services/tui/screen.hpp"

#include "protocol/operator/client_limits.hpp"
#include "protocol/text/text.hpp"
#include "protocol/text/utf8.hpp"
#include "services/cli/terminal.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

// Keys. Who gets one: the line that is typed, if there is one; else a page that
// covers the list; else the list. screen_draw.cpp draws the pictures.
namespace clearance::services {

namespace {

using key_kind = key::kind;
using protocol::escaped;
namespace limits = protocol::client_limits;

std::string target_words(const protocol::listed_prompt& x) {
  return escaped(x.target, 60);
}

/// `text` as one line that can be shown and sent: no control characters.
std::string one_line(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const auto unit = protocol::utf8_at(text, i);
    const bool shows = unit.well_formed && unit.code_point >= 0x20
                       && (unit.code_point < 0x7f || unit.code_point >= 0xa0);
    if (shows)
      result += text.substr(i, unit.length);
    else
      result += ' ';
    i += unit.length;
  }
  return result;
}

/// How far one step of the mouse's wheel goes.
constexpr std::ptrdiff_t wheel_lines = 3;

void erase_last(std::string& text) {
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.back());
    text.pop_back();
    if ((c & 0xc0) != 0x80) // the first byte of a code point
      return;
  }
}

} // namespace

void screen::notice(std::string text, tone meaning) {
  notice_ = std::move(text);
  notice_tone_ = meaning;
}

const protocol::list_entry* screen::selected() const {
  return view_.selected() ? list_.find(*view_.selected()) : nullptr;
}

std::vector<screen_wish> screen::press(const key& x, const screen_time& time) {
  wishes out;
  update();
  const auto marks = view_.marks();
  const auto before = std::tuple{view_.selected(), overlay_, tab_};
  user_acted_ = true;
  // On a slow line the letter of Alt and a letter comes long after its Esc.
  if (x.what == key_kind::escape)
    ++focus_;
  notice_.clear();
  guard_.key_came(time.now);
  if (x.what == key_kind::paste || x.what == key_kind::paste_without_end)
    guard_.pasted(time.now);
  switch (x.what) {
  case key_kind::interrupt_key:
    out.emplace_back(quit_wish{});
    return out;
  case key_kind::suspend_key:
    out.emplace_back(suspend_wish{});
    return out;
  case key_kind::redraw_key:
    out.emplace_back(redraw_wish{});
    return out;
  default:
    break;
  }
  if (x.what == key_kind::paste_without_end)
    notice("A pasted text did not end; it is dropped. Keys work again.",
           tone::warning);
  else if (input_ != input::none)
    press_input(x, time, out);
  else if (x.what == key_kind::paste)
    notice("A pasted text is never taken for keys.", tone::warning);
  else if (overlay_ != overlay::none || tab_ != tab::waiting)
    press_page(x, time, out);
  else
    press_list(x, time, out);
  if (before != std::tuple{view_.selected(), overlay_, tab_}
      || marks != view_.marks())
    ++focus_;
  return out;
}

void screen::begin_input(input what) {
  input_ = what;
  typed_.clear();
  if (what == input::filter) {
    filter_before_ = view_.filter();
    typed_ = filter_before_;
  }
}

void screen::press_input(const key& x, const screen_time& time, wishes& out) {
  if (input_ == input::scope) {
    press_scope(x, time, out);
    return;
  }
  switch (x.what) {
  case key_kind::enter:
    finish_input(out);
    return;
  case key_kind::escape:
    if (input_ == input::filter) {
      view_.set_filter(filter_before_);
      view_.update(list_);
    }
    input_ = input::none;
    confirmed_ = {};
    return;
  case key_kind::backspace:
    erase_last(typed_);
    break;
  case key_kind::clear_line:
    typed_.clear();
    break;
  case key_kind::paste:
  case key_kind::character:
    // A number is typed by hand, or it says nothing.
    if (input_ == input::number && x.what == key_kind::paste)
      return;
    if (typed_.size() + x.text.size() <= limits::typed_text_max_bytes)
      typed_ += one_line(x.text);
    break;
  default:
    return;
  }
  if (input_ == input::filter) {
    view_.set_filter(typed_);
    view_.update(list_);
  }
}

void screen::finish_input(wishes& out) {
  const auto what = std::exchange(input_, input::none);
  if (what == input::reason) {
    reason_ = std::string{protocol::trimmed(typed_)};
    return;
  }
  if (what != input::number)
    return;
  confirm(out);
}

void screen::press_page(const key& x, const screen_time& time, wishes& out) {
  const auto scroll = [&](std::ptrdiff_t lines) {
    const auto to = static_cast<std::ptrdiff_t>(page_top_) + lines;
    page_top_ = static_cast<std::size_t>(std::max<std::ptrdiff_t>(to, 0));
  };
  const auto height = static_cast<std::ptrdiff_t>(page_height_);
  const char c = x.what == key_kind::character && x.text.size() == 1
                     ? x.text.front()
                     : '\0';
  if (x.what == key_kind::down || c == 'j') {
    scroll(1);
  } else if (x.what == key_kind::up || c == 'k') {
    scroll(-1);
  } else if (x.what == key_kind::wheel_down) {
    scroll(wheel_lines);
  } else if (x.what == key_kind::wheel_up) {
    scroll(-wheel_lines);
  } else if (x.what == key_kind::page_down || c == ' ') {
    scroll(height);
  } else if (x.what == key_kind::page_up) {
    scroll(-height);
  } else if (x.what == key_kind::home || c == 'g') {
    page_top_ = 0;
  } else if (x.what == key_kind::end || c == 'G') {
    scroll(1'000'000); // drawing stops at the last line
  } else if (x.what == key_kind::tab) {
    next_tab(out);
  } else if (overlay_ == overlay::details && (c == 'a' || c == 'x')) {
    decide(c == 'a' ? protocol::action::allow : protocol::action::deny, time,
           out);
  } else if (overlay_ == overlay::details
             && (c == 'e' || c == 'r' || c == 'A')) {
    press_letter(c, time, out);
  } else if (c == '?') {
    overlay_ = overlay::help;
    page_top_ = 0;
  } else if (x.what == key_kind::escape || x.what == key_kind::enter
             || c == 'q') {
    page_top_ = 0;
    if (overlay_ != overlay::none)
      overlay_ = overlay::none;
    else
      tab_ = tab::waiting;
  }
}

void screen::next_tab(wishes& out) {
  overlay_ = overlay::none;
  page_top_ = 0;
  switch (tab_) {
  case tab::waiting:
    tab_ = tab::decided;
    return;
  case tab::decided:
    tab_ = tab::rules;
    for (const auto& [name, hub] : list_.hubs())
      out.emplace_back(rules_wish{name});
    return;
  case tab::rules:
    tab_ = tab::hubs;
    return;
  case tab::hubs:
    tab_ = tab::waiting;
    return;
  }
}

void screen::press_list(const key& x, const screen_time& time, wishes& out) {
  const auto page = static_cast<std::ptrdiff_t>(page_height_);
  switch (x.what) {
  case key_kind::down:
    view_.move(1);
    return;
  case key_kind::up:
    view_.move(-1);
    return;
  case key_kind::page_down:
    view_.move(page);
    return;
  case key_kind::page_up:
    view_.move(-page);
    return;
  case key_kind::wheel_down:
    view_.move(wheel_lines);
    return;
  case key_kind::wheel_up:
    view_.move(-wheel_lines);
    return;
  case key_kind::click:
    click(x.row);
    return;
  case key_kind::home:
    view_.select_first();
    return;
  case key_kind::end:
    view_.select_last();
    return;
  case key_kind::tab:
    next_tab(out);
    return;
  case key_kind::enter:
    if (selected() != nullptr) {
      overlay_ = overlay::details;
      page_top_ = 0;
      own_answer_.clear();
    }
    return;
  case key_kind::escape:
    reason_.clear();
    view_.clear_marks();
    view_.set_filter("");
    view_.update(list_);
    return;
  case key_kind::character:
    if (x.text.size() == 1)
      press_letter(x.text.front(), time, out);
    return;
  default:
    return;
  }
}

void screen::press_letter(char c, const screen_time& time, wishes& out) {
  const auto* entry = selected();
  switch (c) {
  case 'j':
  case 'n':
    view_.move(1);
    return;
  case 'k':
  case 'N':
    view_.move(-1);
    return;
  case 'g':
    view_.select_first();
    return;
  case 'G':
    view_.select_last();
    return;
  case 'a':
    decide(protocol::action::allow, time, out);
    return;
  case 'x':
    decide(protocol::action::deny, time, out);
    return;
  case 'A':
    ask_scope(time);
    return;
  case 'r':
    begin_input(input::reason);
    return;
  case ' ':
    if (view_.toggle_mark(list_))
      view_.move(1);
    return;
  case '*':
    view_.toggle_all(list_);
    return;
  case '/':
    begin_input(input::filter);
    return;
  case 'o':
    view_.set_grouping(static_cast<protocol::prompt_grouping>(
        (static_cast<int>(view_.grouping()) + 1) % 3));
    view_.update(list_);
    return;
  case 'e':
    if (entry != nullptr)
      out.emplace_back(explain_wish{entry->number, entry->key});
    return;
  case 'm':
    if (entry != nullptr)
      out.emplace_back(quiet_wish{entry->key.hub, entry->prompt.container,
                                  quiet_.turn(*entry)});
    return;
  case '?':
    overlay_ = overlay::help;
    page_top_ = 0;
    return;
  case 'q':
    out.emplace_back(quit_wish{});
    return;
  default:
    notice("`" + std::string{c} + "` does nothing; ? shows the keys.");
    return;
  }
}

// A click selects, and never decides: the pointer may stand where a prompt has
// just appeared.
void screen::click(std::size_t row) {
  if (const auto x = rows_shown_.find(row); x != rows_shown_.end())
    view_.select(x->second);
}

void screen::explained(std::uint64_t number, const call_result& x) {
  const auto* entry = list_.find(number);
  page_title_ = "Explained: "
                + (entry == nullptr ? "a prompt that is gone"
                                    : target_words(entry->prompt));
  page_text_ = explanation_lines(x);
  page_top_ = 0;
  // A line that is being typed is not disturbed.
  if (input_ == input::none)
    overlay_ = overlay::text;
}

void screen::quieted(const quiet_wish& of, const call_result& x) {
  const auto name = escaped(of.container, 40);
  if (!x.failure.empty() || !x.answer.error.empty())
    quiet_.failed(of.hub, of.container);
  if (!x.failure.empty())
    notice(x.failure, tone::danger);
  else if (!x.answer.error.empty())
    notice("Refused: " + shown(x.answer.error), tone::danger);
  else
    notice(of.on ? name
                       + " is quiet: its prompts stay blocked and listed, and "
                         "are not counted as waiting."
                 : name + " is no longer quiet.");
}

} // namespace clearance::services
