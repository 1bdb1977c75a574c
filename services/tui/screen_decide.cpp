#include "protocol/operator/client_limits.hpp"
#include "protocol/text/text.hpp"
#include "services/client/prompt_words.hpp"
#include "services/tui/allow_times.hpp"
#include "services/tui/screen.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

// Decisions: what a key decides, and what keeps it from deciding what nobody
// has looked at.
namespace clearance::services {

namespace {

using protocol::escaped;
namespace limits = protocol::client_limits;

std::string short_target(const protocol::listed_prompt& x) {
  return escaped(x.target, 60);
}

/// `a.example, b.example and 3 more`.
std::string named(const std::vector<std::string>& all) {
  std::string result;
  for (std::size_t i = 0; i < std::min<std::size_t>(all.size(), 3); ++i)
    result += (i == 0 ? "" : ", ") + all[i];
  if (all.size() > 3)
    result += " and " + std::to_string(all.size() - 3) + " more";
  return result;
}

} // namespace

void screen::decide(protocol::action action, const screen_time& time,
                    wishes& out) {
  if (!view_.marks().empty() && overlay_ == overlay::none)
    decide_marked(action, time, out);
  else
    decide_selected(action, time, out);
}

void screen::decide_selected(protocol::action action, const screen_time& time,
                             wishes& out, std::optional<std::int64_t> seconds) {
  left_out_.clear();
  const auto* entry = selected();
  if (entry == nullptr) {
    notice("Nothing is selected; j and k select a prompt.");
    return;
  }
  if (asked_.contains(entry->number)
      || entry->prompt.state == protocol::prompt_state::deciding) {
    notice("This prompt is being decided.");
    return;
  }
  if (!entry->can_be_decided()) {
    notice("The hub of this prompt is away; it cannot be decided now.",
           tone::warning);
    return;
  }
  if (action == protocol::action::allow && !whole_.contains(entry->number)) {
    guard_.refused(time.now);
    notice(overlay_ == overlay::details
               ? "Scroll first (j): target, flags and container were not all "
                 "on the screen."
               : "Enter shows the whole; a works there. Here a part of target, "
                 "flags or container is cut.",
           tone::warning);
    return;
  }
  const auto shown = guard_.revision_of(entry->number);
  if (!guard_.allows(entry->number, focus_, time.now)
      || shown != entry->prompt.revision) {
    guard_.refused(time.now);
    notice("Not yet: the screen has just changed. Look, and press again.",
           tone::warning);
    return;
  }
  send({{entry->number, entry->key, *shown, action, reason_, seconds}}, out);
}

// How long an allow may last, where the hub's shield can end it. Else, and
// instead of it, a rule.
void screen::ask_scope(const screen_time& time) {
  const auto* entry = selected();
  if (entry == nullptr) {
    notice("Nothing is selected; j and k select a prompt.");
    return;
  }
  const auto hub = list_.hubs().find(entry->key.hub);
  const bool can_end = hub != list_.hubs().end()
                       && std::count(hub->second.state.scopes.begin(),
                                     hub->second.state.scopes.end(), "for")
                              > 0;
  if (can_end)
    begin_input(input::scope);
  else
    show_rule(time);
}

void screen::press_scope(const key& x, const screen_time& time, wishes& out) {
  const char c = x.what == key::kind::character && x.text.size() == 1
                     ? x.text.front()
                     : '\0';
  if (c == 'r') {
    input_ = input::none;
    show_rule(time);
    return;
  }
  const auto end = std::end(allow_times);
  const auto chosen =
      std::find_if(std::begin(allow_times), end,
                   [c](const allow_time& y) { return y.letter == c; });
  if (chosen == end && x.what != key::kind::escape)
    return;
  input_ = input::none;
  if (chosen != end)
    decide_selected(protocol::action::allow, time, out, chosen->seconds);
}

void screen::decide_marked(protocol::action action, const screen_time& time,
                           wishes& out) {
  batch all;
  all.action = action;
  std::vector<std::string> flagged;
  std::vector<std::string> cut;
  std::set<std::uint64_t> unseen;
  for (const auto& [number, revision] : view_.marks()) {
    const auto* x = list_.find(number);
    if (x == nullptr || !x->can_be_decided() || asked_.contains(number))
      continue;
    // A deny opens nothing, so flags need no second look.
    if (action == protocol::action::allow && !x->prompt.flags.empty()) {
      flagged.push_back(short_target(x->prompt));
      continue;
    }
    const auto seen = whole_before_.find(number);
    if (action == protocol::action::allow
        && (seen == whole_before_.end() || seen->second != revision)) {
      cut.push_back(short_target(x->prompt));
      continue;
    }
    if (!guard_.allows_marked(number, revision, focus_, time.now))
      unseen.insert(number);
    all.wishes.push_back({number, x->key, revision, action, reason_});
  }
  left_out_.clear();
  if (!flagged.empty())
    left_out_ = "Left out, because they are flagged: " + named(flagged)
                + ". Decide each by itself.";
  else if (!cut.empty())
    left_out_ = "Left out, because they were not whole on the screen: "
                + named(cut) + ". Enter shows the whole.";
  if (!left_out_.empty())
    notice(left_out_, tone::warning);
  if (all.wishes.empty()) {
    if (flagged.empty() && cut.empty())
      notice("No marked prompt can be decided now.");
    return;
  }
  if (all.wishes.size() > limits::unconfirmed_marks_max) {
    // The number says how many, and not which: an allow is for what was read.
    if (action == protocol::action::allow && !unseen.empty()) {
      guard_.refused(time.now);
      notice("Not yet: " + std::to_string(unseen.size())
                 + " marked prompts were not on the screen for long enough. "
                   "Look at them (PgDn), and press again.",
             tone::warning);
      return;
    }
    if (!flagged.empty())
      all.note = ", without " + std::to_string(flagged.size()) + " flagged";
    if (!cut.empty())
      all.note += ", without " + std::to_string(cut.size()) + " cut";
    confirmed_ = std::move(all);
    begin_input(input::number);
    return;
  }
  if (!unseen.empty()) {
    guard_.refused(time.now);
    notice("Not yet: a marked prompt was not on the screen for long enough. "
           "Look, and press again.",
           tone::warning);
    return;
  }
  send(std::move(all.wishes), out);
}

void screen::send(std::vector<decide_wish> all, wishes& out) {
  for (auto& x : all) {
    const auto* entry = list_.find(x.number);
    if (entry == nullptr)
      continue;
    asked_.insert_or_assign(x.number, entry->prompt);
    view_.unmark(x.number);
    out.emplace_back(std::move(x));
  }
  reason_.clear();
}

void screen::decided(const decide_wish& of, const decision_outcome& x) {
  using kind = decision_outcome::kind;
  const auto before = asked_.find(of.number);
  if (before == asked_.end())
    return;
  const auto target = short_target(before->second);
  auto text = target + ": " + x.text;
  if (x.what == kind::changed && x.prompt)
    text = target + " has changed, nothing was decided: "
           + changes_words(before->second, *x.prompt);
  if (x.what == kind::done && of.seconds)
    text += " for " + age_text(*of.seconds * 1'000'000);
  asked_.erase(before);
  own_answer_ = text;
  switch (x.what) {
  case kind::done:
    // The last answer must not hide what was not decided.
    if (left_out_.empty())
      notice(std::move(text), tone::good);
    else
      notice(text + ". " + left_out_, tone::warning);
    if (asked_.empty())
      left_out_.clear();
    return;
  case kind::already:
  case kind::gone:
    notice(std::move(text));
    return;
  case kind::changed:
    notice(std::move(text), tone::warning);
    return;
  case kind::failed:
  case kind::unknown:
    notice(std::move(text), tone::danger);
    return;
  }
}

void screen::confirm(wishes& out) {
  auto ready = std::exchange(confirmed_, {});
  if (typed_ != std::to_string(ready.wishes.size())) {
    notice("Nothing was decided: that is not the number "
           + std::to_string(ready.wishes.size()) + ".");
    return;
  }
  // What changed while the number was typed is left out.
  std::vector<std::string> changed;
  std::erase_if(ready.wishes, [&](const decide_wish& x) {
    const auto* entry = list_.find(x.number);
    const bool keeps = entry != nullptr && entry->can_be_decided()
                       && entry->prompt.revision == x.revision;
    if (!keeps && entry != nullptr)
      changed.push_back(short_target(entry->prompt));
    return !keeps;
  });
  if (!changed.empty())
    notice("Left out, because they changed: " + named(changed), tone::warning);
  send(std::move(ready.wishes), out);
}

void screen::show_rule(const screen_time& time) {
  const auto* entry = selected();
  if (entry == nullptr) {
    notice("Nothing is selected; j and k select a prompt.");
    return;
  }
  page_title_ = "A rule that would allow this";
  page_text_.clear();
  auto text = rule_text(entry->prompt, protocol::action::allow, time.today);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    page_text_.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  for (const auto* line :
       {"", "Put it into a file of the policy, for example",
        "/etc/terok-clearance/policy.d/local.toml, say why, choose when it "
        "expires,",
        "look at it with `terok-clearance policy check`, and send SIGHUP to "
        "the hub."})
    page_text_.emplace_back(line);
  page_top_ = 0;
  overlay_ = overlay::text;
}

} // namespace clearance::services
