#include "protocol/text/text.hpp"
#include "services/tui/allow_times.hpp"
#include "services/tui/screen.hpp"

// The last line: what is typed, what there is to say, or the keys.
namespace clearance::services {

namespace {

using protocol::escaped;

constexpr std::string_view list_keys[] = {
    "a allow",       "x deny",    "? help",     "q quit",
    "Enter details", "r reason",  "space mark", "/ filter",
    "o group",       "e explain", "m quiet",    "Tab decided",
};

constexpr std::string_view page_keys[] = {
    "q back",
    "j k scroll",
    "Tab next page",
    "? help",
};

template <class Words>
std::string as_many_as_fit(const Words& words, std::size_t width) {
  std::string result;
  for (std::string_view x : words) {
    if (result.size() + 2 + x.size() >= width)
      break;
    result += result.empty() ? " " : "  ";
    result += x;
  }
  return result;
}

} // namespace

void screen::draw_bottom(cell_grid& to) const {
  const auto row = to.rows() - 1;
  const auto width = to.columns();
  std::string label;
  switch (input_) {
  case input::filter:
    label = "filter: ";
    break;
  case input::reason:
    label = "reason: ";
    break;
  case input::number: {
    const auto n = std::to_string(confirmed_.wishes.size());
    const std::string action{to_string(confirmed_.action)};
    // The end of the line is shown: what is typed, and the verb.
    label = width < 60 ? action + " " + n + "? type " + n + ": "
                       : "type " + n + " to " + action + " " + n + " prompts"
                             + confirmed_.note + ": ";
    break;
  }
  case input::scope: {
    std::string times = "allow for";
    for (const auto& x : allow_times)
      times += std::string{"  "} + x.letter + " " + x.text;
    to.put(row, 0, fitted(" " + times + "   r rule instead  Esc back", width),
           {.is_bold = true});
    return;
  }
  case input::none: {
    if (!notice_.empty()) {
      to.put(row, 0, fitted(" " + notice_, width),
             {.meaning = notice_tone_, .is_bold = true});
      return;
    }
    const bool is_list = overlay_ == overlay::none && tab_ == tab::waiting;
    if (!reason_.empty() && is_list) {
      to.put(row, 0,
             fitted(" reason: " + escaped(reason_, 60)
                        + "   a allow  x deny  Esc forget",
                    width),
             {.is_bold = true});
      return;
    }
    to.put(row, 0,
           is_list ? as_many_as_fit(list_keys, width)
           : overlay_ == overlay::details
               ? " a allow  x deny  r reason  e explain  q back"
               : as_many_as_fit(page_keys, width),
           {.meaning = tone::quiet});
    return;
  }
  }
  auto text = " " + label + escaped(typed_);
  // The end of what is typed is what one looks at.
  const auto room = width - 2;
  if (text.size() > room)
    text = "~" + text.substr(text.size() - room + 1);
  const auto column = to.put(row, 0, text, {.is_bold = true});
  if (column < width)
    to.put(row, column, " ", {.is_reversed = true});
}

} // namespace clearance::services
