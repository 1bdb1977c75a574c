#include "protocol/operator/client_limits.hpp"
#include "protocol/text/text.hpp"
#include "services/client/operator_hubs.hpp"
#include "services/client/prompt_words.hpp"
#include "services/tui/screen.hpp"

#include <algorithm>
#include <utility>

// The picture, from above: the header; the titles of the columns; the list, or
// a page that covers it; a line; what an allow of the selected prompt opens;
// one line for what is typed, what there is to say, or the keys. A low terminal
// leaves out the parts that explain.
namespace clearance::services {

namespace {

using protocol::escaped;

constexpr char32_t box_line = U'\u2500';

/// Lines with which the parts below the list are shown, and with which the
/// titles are.
constexpr std::size_t explains_from_rows = 12;
constexpr std::size_t explains_more_from_rows = 20;
constexpr std::size_t titles_from_rows = 6;

/// Lines of the list that say how wide columns are.
constexpr std::size_t measured_lines_max = 1000;

constexpr std::size_t least_rows = 3;
constexpr std::size_t least_columns = 20;

/// An age that is right within the minute in which it is drawn: the picture
/// changes once a minute if nothing happens.
std::string minutes_text(std::int64_t microseconds) {
  return microseconds < 60'000'000 ? "<1 min" : age_text(microseconds);
}

/// What the rows and the lines below the list say is not cut before.
bool is_short(const protocol::listed_prompt& x) {
  const auto name = x.in_dossier("container_name");
  return escaped(x.target).size() <= 300
         && escaped(name.empty() ? std::string_view{x.container} : name).size()
                <= 80
         && std::all_of(x.flags.begin(), x.flags.end(), [](const auto& flag) {
              return escaped(flag).size() <= 40;
            });
}

std::string count_of(std::size_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

} // namespace

void screen::update() {
  if (updated_version_ == list_.version())
    return;
  updated_version_ = list_.version();
  view_.update(list_);
  if (const auto now = list_.vanished(); now != vanished_) {
    notice(count_of(now - vanished_, "prompt")
           + " left the list: their hub ended or was started again.");
    vanished_ = now;
  }
}

cell_grid screen::draw(std::size_t rows, std::size_t columns,
                       const screen_time& time) {
  update();
  cell_grid to{rows, columns};
  if (rows < least_rows || columns < least_columns) {
    if (rows > 0)
      to.put(0, 0, "too small");
    guard_.hidden();
    whole_.clear();
    return to;
  }
  draw_header(to, time);
  whole_.clear();
  rows_shown_.clear();
  const bool is_list = overlay_ == overlay::none && tab_ == tab::waiting;
  std::size_t begin = 1;
  std::size_t end = rows - 1;
  if (rows >= explains_from_rows && is_list) {
    end -= rows >= explains_more_from_rows ? 5 : 4;
    to.put_line(end, has_lines_ ? box_line : U'-', {.meaning = tone::quiet});
    if (draw_consequences(to, end + 1, rows - 1))
      is_whole(*selected());
  }
  page_height_ = std::max<std::size_t>(end - begin, 1);
  if (is_list) {
    draw_list(to, begin, end, time);
  } else {
    const auto lines = page_lines(columns, time);
    if (overlay_ == overlay::details)
      draw_details(to, begin, end, lines);
    else
      draw_page(to, begin, end, lines);
    // Only the page about a prompt shows one.
    std::vector<decision_guard::shown_prompt> shown;
    const auto* x = selected();
    if (overlay_ == overlay::details && x != nullptr)
      shown.push_back({x->number, x->prompt.revision, begin});
    guard_.drawn(shown, view_.selected(), focus_,
                 drawn_version_ != list_.version(), time.now);
  }
  if (overlay_ != overlay::details)
    details_ = {};
  draw_bottom(to);
  drawn_version_ = list_.version();
  user_acted_ = false;
  return to;
}

void screen::draw_header(cell_grid& to, const screen_time& time) const {
  const std::string dot = " | ";
  auto text = " clearance  " + count_of(list_.hubs().size(), "hub") + dot
              + count_of(list_.containers(), "container") + dot
              + std::to_string(list_.waiting()) + " waiting";
  if (const auto oldest = list_.oldest())
    text += " (oldest " + minutes_text(time.wall - *oldest) + ")";
  if (!view_.filter().empty())
    text += dot + "filter: "
            + fitted(escaped(view_.filter()),
                     std::min<std::size_t>(escaped(view_.filter()).size(), 40));
  if (!view_.marks().empty())
    text += dot + std::to_string(view_.marks().size()) + " marked";
  std::size_t away = 0;
  for (const auto& [name, hub] : list_.hubs())
    away += hub.status == protocol::link_status::absent ? 1 : 0;
  if (away > 0)
    text += dot + count_of(away, "hub") + " AWAY";
  std::size_t hosts_away = 0;
  for (const auto& [name, host] : list_.hosts())
    hosts_away += host.status == protocol::link_status::current ? 0 : 1;
  if (hosts_away > 0)
    text += dot + count_of(hosts_away, "host") + " AWAY";
  if (list_.lost() > 0)
    text += dot + std::to_string(list_.lost()) + " lost";
  const auto width = to.columns();
  const auto room =
      width > time.clock.size() + 2 ? width - time.clock.size() - 2 : width;
  const cell style{.is_reversed = true, .is_bold = true};
  to.put(0, 0, fitted(fitted(text, room), width), style);
  if (room < width)
    to.put(0, room, " " + std::string{time.clock} + " ", style);
}

std::vector<screen::list_line> screen::lines_of_list() const {
  std::vector<list_line> result;
  const auto by = view_.grouping();
  std::optional<std::string> group;
  for (auto number : view_.rows()) {
    if (by != protocol::prompt_grouping::none) {
      const auto* x = list_.find(number);
      std::string name{group_of(x->prompt, by)};
      if (group != name) {
        group = name;
        auto heading = escaped(name, 80);
        if (by == protocol::prompt_grouping::container) {
          heading = container_words(x->prompt);
          if (const auto task = x->prompt.in_dossier("task"); !task.empty())
            heading += "  " + escaped(task, 60);
        }
        result.push_back({std::nullopt, std::move(heading)});
      }
    }
    result.push_back({number, {}});
  }
  return result;
}

// The selected prompt stays on the line where it was when others above it come
// or go, as long as the list is long enough for that.
void screen::scroll_to_selection(const std::vector<list_line>& lines,
                                 std::size_t height) {
  const auto find = [&](const std::optional<std::uint64_t>& number) {
    const auto i =
        std::find_if(lines.begin(), lines.end(), [&](const list_line& x) {
          return number && x.number == number;
        });
    return static_cast<std::size_t>(i - lines.begin());
  };
  const auto at = find(view_.selected());
  if (at < lines.size()) {
    if (!user_acted_ && anchor_ == view_.selected() && anchor_line_ < height)
      top_ = at > anchor_line_ ? at - anchor_line_ : 0;
    if (at < top_)
      top_ = at;
    if (at >= top_ + height)
      top_ = at + 1 - height;
    // The heading of the first group belongs to its first prompt.
    if (at == 1 && top_ == 1 && !lines[0].number && height > 1)
      top_ = 0;
  }
  const auto most = lines.size() > height ? lines.size() - height : 0;
  top_ = std::min(top_, most);
  anchor_ = view_.selected();
  anchor_line_ = at >= top_ ? at - top_ : 0;
}

std::vector<std::string> screen::no_hub_texts() const {
  if (list_.hosts().empty())
    return {"No hub is running yet"
                + (runtime_.empty() ? "" : " below " + escaped(runtime_))
                + "; waiting for one.",
            "To start one: terok-clearance serve --inline-verdict"};
  for (const auto& [name, x] : list_.hosts())
    if (x.status != protocol::link_status::current)
      return {host_words(x)};
  return {"No hub is running there yet; waiting for one."};
}

std::vector<std::string> screen::empty_texts() const {
  if (list_.hubs().empty())
    return no_hub_texts();
  if (!view_.filter().empty())
    return {"No prompt fits the filter; Esc shows all."};
  std::vector<std::string> result;
  for (const auto& [name, x] : list_.hubs()) {
    if (x.status == protocol::link_status::current)
      return {"Nothing waits. New prompts appear here."};
    result.push_back(hub_label(name) + ": " + hub_words(x));
  }
  return result;
}

// A column is as wide as what stands in it, whatever is on the screen: nothing
// moves sideways when the list is scrolled.
column_layout screen::layout_of(const std::vector<list_line>& lines,
                                std::size_t columns) const {
  column_layout::wants wants{0, 0, 0};
  for (std::size_t i = 0; i < std::min(lines.size(), measured_lines_max); ++i)
    if (const auto* x =
            lines[i].number ? list_.find(*lines[i].number) : nullptr;
        x != nullptr) {
      wants.target =
          std::max(wants.target, escaped(x->prompt.target, 300).size());
      wants.note = std::max(wants.note, note_of(*x).size());
      wants.container =
          std::max(wants.container, container_words(x->prompt).size());
    }
  return {columns, list_.hubs().size() > 1, wants};
}

void screen::draw_list(cell_grid& to, std::size_t begin, std::size_t end,
                       const screen_time& time) {
  const auto lines = lines_of_list();
  const auto layout = layout_of(lines, to.columns());
  if (to.rows() >= titles_from_rows) {
    to.put(begin++, 0, layout.titles(),
           {.meaning = tone::heading, .is_bold = true});
    page_height_ = std::max<std::size_t>(end > begin ? end - begin : 0, 1);
  }
  const auto height = end > begin ? end - begin : 0;
  rows_shown_.clear();
  scroll_to_selection(lines, height);
  std::vector<decision_guard::shown_prompt> shown;
  for (std::size_t i = 0; i < height && top_ + i < lines.size(); ++i) {
    const auto& line = lines[top_ + i];
    if (!line.number) {
      to.put(begin + i, 0, "   " + line.heading,
             {.meaning = tone::heading, .is_bold = true});
      continue;
    }
    const auto* x = list_.find(*line.number);
    rows_shown_[begin + i] = x->number;
    if (draw_entry(to, begin + i, *x, layout, time))
      is_whole(*x);
    shown.push_back({x->number, x->prompt.revision, begin + i});
  }
  if (lines.empty()) {
    auto row = begin + (height > 2 ? 1 : 0);
    for (const auto& text : empty_texts())
      for (const auto& part : wrapped(text, to.columns() - 4))
        if (row < end)
          to.put(row++, 3, part, {.meaning = tone::quiet});
  }
  guard_.drawn(shown, view_.selected(), focus_,
               drawn_version_ != list_.version(), time.now);
}

void screen::is_whole(const protocol::list_entry& x) {
  whole_.insert(x.number);
  if (whole_before_.size()
      > protocol::client_limits::listed_prompts_per_hub_max)
    whole_before_.clear(); // marks then need another look
  whole_before_[x.number] = x.prompt.revision;
}

std::string screen::note_of(const protocol::list_entry& x) const {
  auto result = flags_words(x.prompt);
  const auto add = [&](const char* what) {
    result += (result.empty() ? "" : ", ") + std::string{what};
  };
  if (x.is_stale)
    add("hub away");
  else if (asked_.contains(x.number)
           || x.prompt.state == protocol::prompt_state::deciding)
    add("deciding...");
  else if (x.prompt.decision
           && x.prompt.decision->result == protocol::decision_result::failed)
    add("failed");
  if (x.prompt.quiet)
    add("quiet");
  return result;
}

bool screen::draw_entry(cell_grid& to, std::size_t row,
                        const protocol::list_entry& x,
                        const column_layout& layout,
                        const screen_time& time) const {
  const auto& prompt = x.prompt;
  const bool is_selected = view_.selected() == x.number;
  const bool is_deciding = asked_.contains(x.number)
                           || prompt.state == protocol::prompt_state::deciding;
  const bool is_flagged = !prompt.flags.empty();
  row_texts texts;
  texts.cursor = is_selected ? '>' : ' ';
  texts.mark = view_.is_marked(x.number) ? '*' : ' ';
  texts.flag = is_flagged ? '!' : ' ';
  texts.container = container_words(prompt);
  texts.task = escaped(prompt.in_dossier("task"), 80);
  texts.target = escaped(prompt.target, 300);
  texts.address = prompt.domain.empty() ? "(no name)" : addresses_words(prompt);
  texts.port = ports_words(prompt);
  texts.hits = std::to_string(prompt.count);
  texts.age = minutes_text(time.wall - prompt.first_seen);
  texts.hub = hub_label(x.key.hub);
  texts.note = note_of(x);
  const bool is_danger =
      std::find(prompt.flags.begin(), prompt.flags.end(), "metadata_service")
      != prompt.flags.end();
  cell style{.meaning = x.is_stale || is_deciding || prompt.quiet
                            ? tone::quiet
                            : tone::normal,
             .is_reversed = is_selected,
             .is_bold = is_selected};
  to.put(row, 0, layout.row(texts), style);
  const bool whole = is_short(prompt) && layout.is_whole(texts);
  if (!is_flagged)
    return whole;
  style.meaning = is_danger ? tone::danger : tone::warning;
  to.restyle(row, column_layout::flag_at, column_layout::flag_at + 1, style);
  to.restyle(row, layout.note_at(), to.columns(), style);
  return whole;
}

bool screen::draw_consequences(cell_grid& to, std::size_t begin,
                               std::size_t end) const {
  const auto* x = selected();
  if (x == nullptr) {
    if (!list_.all().empty() && !view_.rows().empty())
      to.put(begin, 3, "Nothing is selected: j selects a prompt.",
             {.meaning = tone::quiet});
    return false;
  }
  const auto& prompt = x->prompt;
  std::string what;
  if (!prompt.flags.empty())
    what = "FLAGS: " + flags_words(prompt) + ". ";
  if (const auto task = prompt.in_dossier("task"); !task.empty())
    what += escaped(task, 40) + " in ";
  what += container_words(prompt) + " wants ";
  const auto port = prompt.ports.empty() ? "" : " port " + ports_words(prompt);
  // Two lines for what is asked, if there are enough for both. A name is cut in
  // its middle: its end says whose it is.
  const auto most = end - begin > 3 ? std::size_t{2} : std::size_t{1};
  const auto width = to.columns() - 4;
  const auto target = escaped(prompt.target, 300);
  auto room = target.size();
  const auto fits = [&](const std::string& behind) {
    return wrapped(what + fitted_middle(target, room) + behind, width).size()
           <= most;
  };
  bool whole = is_short(prompt) && fits("");
  while (!fits("") && room > 16)
    --room;
  what += fitted_middle(target, room) + port;
  if (!prompt.domain.empty())
    what += " at " + addresses_words(prompt);
  const auto asked = wrapped(what, width);
  for (std::size_t i = 0; i < std::min(most, asked.size()); ++i)
    to.put(begin++, 3,
           i + 1 == most && asked.size() > most
               ? fitted(asked[i] + " " + asked[i + 1], to.columns() - 4)
               : asked[i],
           {.meaning = prompt.flags.empty() ? tone::normal : tone::warning,
            .is_bold = true});
  auto text = escaped(prompt.opens);
  text += prompt.rule.empty()
              ? " No rule matches."
              : " Rule " + escaped(prompt.rule, 60) + " matches.";
  const auto lines = wrapped(text, to.columns() - 4);
  for (std::size_t i = 0; i < lines.size() && begin + i < end; ++i) {
    const bool is_cut = begin + i + 1 == end && i + 1 < lines.size();
    to.put(begin + i, 3,
           is_cut ? lines[i].substr(0, to.columns() - 12) + " ~ Enter"
                  : lines[i]);
  }
  return whole;
}

// The lines above the name are target, flags and container; see details_lines.
void screen::draw_details(cell_grid& to, std::size_t begin, std::size_t end,
                          const std::vector<std::string>& lines) {
  const auto shown = draw_page(to, begin, end, lines);
  const auto* x = selected();
  if (x == nullptr)
    return;
  const details_sight now{x->number, x->prompt.revision, to.columns()};
  if (std::exchange(details_, now) != now)
    details_seen_ = 0;
  if (page_top_ <= details_seen_)
    details_seen_ = std::max(details_seen_, page_top_ + shown);
  const auto name =
      std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
        return line.starts_with("   name ");
      });
  if (details_seen_ >= static_cast<std::size_t>(name - lines.begin()))
    is_whole(*x);
}

std::size_t screen::draw_page(cell_grid& to, std::size_t begin, std::size_t end,
                              const std::vector<std::string>& lines) {
  const auto height = end - begin;
  page_top_ =
      std::min(page_top_, lines.size() > height ? lines.size() - height : 0);
  const bool has_more = page_top_ + height < lines.size() && height > 1;
  const auto shown = has_more ? height - 1 : height;
  // The line that says so covers one: the next page begins with it.
  page_height_ = std::max<std::size_t>(shown, 1);
  for (std::size_t i = 0; i < height && page_top_ + i < lines.size(); ++i) {
    const auto& line = lines[page_top_ + i];
    // A heading has no space in front.
    const bool is_heading = !line.empty() && line.front() != ' ';
    to.put(begin + i, 0, is_heading ? " " + line : line,
           {.meaning = is_heading ? tone::heading : tone::normal,
            .is_bold = is_heading});
  }
  if (has_more)
    to.put(end - 1, 0, fitted("   -- more: j, Space --", to.columns()),
           {.meaning = tone::quiet});
  return std::min(shown, lines.size() - page_top_);
}

} // namespace clearance::services
