#include "protocol/text/text.hpp"
#include "protocol/text/utc.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/operator_hubs.hpp"
#include "services/client/prompt_words.hpp"
#include "services/tui/screen.hpp"

#include <chrono>

// The pages that cover the list. A line that begins with a space is text, any
// other one a heading.
namespace clearance::services {

namespace {

using protocol::escaped;

constexpr std::string_view help_text[] = {
    "Keys",
    "   j k, arrows, PgUp PgDn, Home End, g G   move",
    "   Enter          details of the prompt; never decides",
    "   a / x          allow / deny the selected prompt, or all marked ones",
    "   r              type a reason first, then a or x",
    "   Space          mark, and go to the next one",
    "   *              mark all that the filter shows, but no quiet ones",
    "   /              filter: words, or container: task: target: port: flag:",
    "   o              group by container, by target, not at all",
    "   e              explain: rules, and what an allow opens",
    "   A              allow for a limited time, or show a rule for it",
    "   m              quiet this container; again: no longer quiet",
    "   Tab            waiting, decided, rules, hubs",
    "   q              leave; Esc goes back and forgets filter, marks, reason",
    "   Ctrl-L, Ctrl-Z redraw; suspend",
    "",
    "What the list shows",
    "   >  the selection: a prompt, not a line. When it vanishes, nothing is",
    "      selected.",
    "   *  marked        !  flagged: read NOTE before you allow it",
    "",
    "Why a key may do nothing",
    "   A prompt can be decided when it was on the screen and selected for",
    "   half a second, and nothing moved at the selection for a third of a",
    "   second. A key that is typed ahead decides nothing. An allow needs",
    "   target, container and flags whole on the screen: Enter shows them.",
    "   More than five marked prompts need their number, typed. A marked",
    "   prompt that is flagged is not allowed with others. An answer is for",
    "   what the screen showed: if the prompt has changed meanwhile, nothing",
    "   is decided.",
};

std::string time_text(std::int64_t microseconds) {
  return protocol::extended_utc(
      std::chrono::sys_seconds{std::chrono::seconds{microseconds / 1'000'000}});
}

void add_field(std::vector<std::string>& to, std::string_view name,
               const std::string& value) {
  if (value.empty())
    return;
  to.push_back("   " + fitted(name, 12) + " " + value);
}

} // namespace

std::vector<std::string> screen::page_lines(std::size_t columns,
                                            const screen_time& time) const {
  std::vector<std::string> lines;
  switch (overlay_) {
  case overlay::help:
    lines.assign(std::begin(help_text), std::end(help_text));
    break;
  case overlay::details:
    lines = details_lines(time);
    break;
  case overlay::text:
    lines.push_back(page_title_);
    for (const auto& x : page_text_)
      lines.push_back("   " + x);
    break;
  case overlay::none:
    switch (tab_) {
    case tab::waiting:
      break;
    case tab::decided:
      lines = decided_lines(time);
      break;
    case tab::rules:
      lines = rules_lines();
      break;
    case tab::hubs:
      lines = hubs_lines(time);
      break;
    }
    break;
  }
  std::vector<std::string> result;
  for (const auto& line : lines) {
    const bool is_text = line.starts_with("   ");
    const auto width = columns > 8 ? columns - 5 : columns;
    std::string indent = is_text ? "   " : "";
    for (const auto& part :
         wrapped(is_text ? std::string_view{line}.substr(3) : line, width)) {
      result.push_back(indent + part);
      indent = is_text ? "     " : "  ";
    }
  }
  return result;
}

std::vector<std::string> screen::details_lines(const screen_time& time) const {
  const auto* entry = selected();
  if (entry == nullptr && !own_answer_.empty())
    return {"You answered this prompt", "   " + own_answer_};
  if (entry == nullptr)
    return {"This prompt is gone",
            "   Somebody decided it, its container ended, or its hub was "
            "started again. Tab shows what was decided."};
  const auto& x = entry->prompt;
  std::vector<std::string> result{escaped(x.target)};
  if (!x.flags.empty())
    add_field(result, "FLAGS", flags_words(x));
  add_field(result, "container", escaped(x.container));
  add_field(result, "name", x.domain.empty() ? "none" : escaped(x.domain));
  std::string addresses;
  for (const auto& each : x.addresses)
    addresses += (addresses.empty() ? "" : ", ") + escaped(each);
  if (x.more_addresses > 0)
    addresses += " and " + std::to_string(x.more_addresses) + " more";
  add_field(result, "addresses", addresses);
  add_field(result, "ports", ports_words(x));
  add_field(result, "blocks", std::to_string(x.count));
  add_field(result, "first",
            time_text(x.first_seen) + ", " + age_text(time.wall - x.first_seen)
                + " ago");
  add_field(result, "last", time_text(x.last_seen));
  add_field(result, "rule",
            x.rule.empty() ? "no rule matches" : escaped(x.rule));
  add_field(result, "hub", escaped(entry->key.hub));
  add_field(result, "prompt",
            escaped(x.id) + ", revision " + std::to_string(x.revision));
  if (x.quiet)
    add_field(result, "quiet", "yes");
  if (entry->is_stale)
    add_field(result, "state", "its hub is away: this is what it last said");
  else
    add_field(result, "state", std::string{to_string(x.state)});
  if (x.decision)
    add_field(result, "last answer", decision_words(*x.decision));
  result.emplace_back("What an allow opens");
  result.push_back("   " + escaped(x.opens));
  if (!x.dossier.empty())
    result.emplace_back("What the container's dossier says");
  for (const auto& [key, value] : x.dossier)
    result.push_back("   " + escaped(key) + " = \"" + escaped(value) + "\"");
  return result;
}

std::vector<std::string> screen::decided_lines(const screen_time& time) const {
  std::vector<std::string> result{"Decided in the last 10 minutes"};
  for (const auto* x : list_.decided()) {
    const auto& made = *x->prompt.decision;
    result.push_back("   " + fitted(age_text(time.wall - made.at) + " ago", 11)
                     + fitted(container_words(x->prompt), 12) + ' '
                     + escaped(x->prompt.target, 80) + "  "
                     + decision_words(made));
  }
  if (result.size() == 1)
    result.emplace_back("   nothing");
  return result;
}

std::vector<std::string> screen::rules_lines() const {
  std::vector<std::string> result;
  for (const auto& [hub, lines] : rules_) {
    if (!list_.hubs().contains(hub))
      continue;
    result.push_back("Rules of " + hub_label(hub));
    for (const auto& line : lines)
      result.push_back("   " + line);
  }
  if (result.empty())
    result = {"Rules", "   no hub has answered yet"};
  return result;
}

void screen::got_rules(const std::string& hub, const call_result& x) {
  rules_[hub] = rule_lines(x);
}

std::vector<std::string> screen::hubs_lines(const screen_time& time) const {
  std::vector<std::string> result;
  for (const auto& [name, x] : list_.hosts()) {
    result.push_back("host " + escaped(name));
    add_field(result, "state", host_words(x));
  }
  for (const auto& [name, x] : list_.hubs()) {
    result.push_back(hub_label(name));
    add_field(result, "socket", escaped(name));
    add_field(result, "state", hub_words(x));
    if (x.status != protocol::link_status::current || x.is_older)
      continue;
    add_field(result, "version", escaped(x.state.version, 40));
    if (x.state.since > 0)
      add_field(result, "runs for", age_text(time.wall - x.state.since));
    add_field(result, "operators", std::to_string(x.state.operators));
    add_field(result, "policy", escaped(x.state.policy, 300));
    add_field(result, "audit", escaped(x.state.audit, 300));
    if (x.left_out > 0)
      add_field(result, "left out",
                std::to_string(x.left_out) + " prompts: the list is full");
  }
  if (result.empty())
    result = {"Hubs", "   none is running"};
  return result;
}

} // namespace clearance::services
