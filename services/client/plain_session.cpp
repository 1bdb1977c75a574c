#include "services/client/plain_session.hpp"

#include "protocol/operator/json_members.hpp"
#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/operator_hubs.hpp"
#include "services/client/prompt_words.hpp"

#include <utility>

namespace clearance::services {

namespace {

using protocol::json_members;
using outcome_kind = decision_outcome::kind;

constexpr std::string_view mode_text =
    "Plain text: one line for each thing that happens. Each prompt has a "
    "number: a N allows prompt N, d N denies it, h shows all commands.";

constexpr std::string_view help_lines[] = {
    "a N [reason]  allow what prompt N asks for",
    "d N [reason]  deny it",
    "e N           explain prompt N: rules, and what an allow opens",
    "m N           quiet the container of prompt N, or undo that",
    "l             list the prompts that wait",
    "h             show this help",
    "q             leave; prompts keep waiting",
};

std::string_view word_of_outcome(outcome_kind x) {
  switch (x) {
  case outcome_kind::done:
    return "done";
  case outcome_kind::failed:
    return "failed";
  case outcome_kind::changed:
    return "changed";
  case outcome_kind::already:
    return "already_decided";
  case outcome_kind::gone:
    return "gone";
  case outcome_kind::unknown:
    return "error";
  }
  return {};
}

std::string bracketed(std::uint64_t number) {
  return "[" + std::to_string(number) + "] ";
}

std::string prompt_line(const protocol::listed_prompt& x, std::int64_t now) {
  std::string result = container_words(x);
  if (const auto task = x.in_dossier("task"); !task.empty())
    result += " (task " + protocol::escaped(task, 80) + ")";
  result += " wants " + protocol::escaped(x.target, 300);
  if (!x.ports.empty())
    result += " port " + ports_words(x);
  if (!x.domain.empty())
    result += ", address " + addresses_words(x);
  result += ", " + std::to_string(x.count)
            + (x.count == 1 ? " block" : " blocks") + ", first "
            + age_text(now - x.first_seen) + " ago";
  if (!x.flags.empty())
    result += ". FLAGS: " + flags_words(x);
  if (!x.rule.empty())
    result += ". Rule " + protocol::escaped(x.rule, 80);
  if (x.quiet)
    result += ". Quiet";
  if (x.state == protocol::prompt_state::deciding)
    result += ". It is being decided";
  return result;
}

} // namespace

void plain_session::say(std::string_view clock, const std::string& what) {
  out_ += clock;
  out_ += ' ';
  out_ += what;
  out_ += '\n';
}

// Objects are ASCII: a terminal or a log shows nothing else.
void plain_session::say_about(std::string_view type, std::uint64_t number,
                              const std::string& text, std::string_view clock) {
  if (!is_json_) {
    say(clock, number == 0 ? text : bracketed(number) + text);
    return;
  }
  {
    json_members to{out_};
    to.text("type", type);
    if (number != 0)
      to.count("number", number);
    to.text("text", text);
  }
  out_ += '\n';
}

void plain_session::begin(std::string_view clock) {
  say_about("mode", 0, std::string{mode_text}, clock);
}

void plain_session::problem(std::string_view what, std::string_view clock) {
  say_about("error", 0, std::string{what}, clock);
}

void plain_session::say_prompt(const protocol::list_entry& x, told& to,
                               std::int64_t now, std::string_view clock) {
  // The revision of before has another number: it cannot be decided any more.
  const bool changed = to.number != 0 && to.revision != x.prompt.revision;
  if (to.number == 0 || changed) {
    lines_.erase(to.number);
    to.number = ++last_number_;
    to.revision = x.prompt.revision;
    lines_.emplace(to.number, line_entry{x.number, to.revision, false});
  }
  if (!is_json_) {
    say(clock, bracketed(to.number) + (changed ? "Changed: " : "")
                   + prompt_line(x.prompt, now)
                   + (x.is_stale ? ". Its hub is away" : ""));
    return;
  }
  std::string line;
  {
    json_members out{line};
    out.text("type", "prompt");
    out.count("number", to.number);
    out.text("hub", x.key.hub);
    out.truth("stale", x.is_stale);
    protocol::append_listed_prompt(out.raw("prompt"), x.prompt);
  }
  out_ += ascii_json(line) + '\n';
}

void plain_session::say_end(const protocol::listed_prompt* x, const told& of,
                            std::string_view clock) {
  if (of.number == 0 || answers(of.number))
    return;
  if (x != nullptr && x->decision
      && x->state == protocol::prompt_state::decided)
    say_about("decided", of.number, "Decided: " + decision_words(*x->decision),
              clock);
  else
    say_about("gone", of.number,
              "Gone"
                  + (x == nullptr     ? ": its hub has it no longer"
                     : x->why.empty() ? std::string{}
                                      : ": " + end_words(x->why)),
              clock);
}

bool plain_session::answers(std::uint64_t number) const {
  const auto line = lines_.find(number);
  return !is_json_ && line != lines_.end() && line->second.is_answered;
}

void plain_session::update_hubs(const protocol::prompt_list& list,
                                std::string_view clock) {
  for (const auto& [name, x] : list.hosts()) {
    auto text = host_words(x);
    auto& said = hosts_[name];
    if (said == text || x.status == protocol::link_status::loading)
      continue;
    say_about("host", 0, "Host " + protocol::escaped(name) + ": " + text,
              clock);
    said = std::move(text);
  }
  for (const auto& [name, x] : list.hubs()) {
    if (x.status == protocol::link_status::loading)
      continue;
    auto text = hub_words(x);
    auto& said = hubs_[name];
    if (said == text)
      continue;
    say_about("hub", 0, "Hub " + hub_label(name) + ": " + text, clock);
    said = std::move(text);
  }
  std::erase_if(hubs_, [&](const auto& each) {
    if (list.hubs().contains(each.first))
      return false;
    say_about("hub", 0, "Hub " + hub_label(each.first) + ": gone", clock);
    return true;
  });
}

void plain_session::update(const protocol::prompt_list& list, std::int64_t now,
                           std::string_view clock) {
  update_hubs(list, clock);
  ++generation_;
  for (const auto& [entry_number, x] : list.all()) {
    const bool is_open = x.prompt.is_open();
    auto known = told_.find(entry_number);
    if (known == told_.end()) {
      // Decided before we came.
      if (!is_open)
        continue;
      known = told_.emplace(entry_number, told{}).first;
    }
    auto& of = known->second;
    of.generation = generation_;
    const auto decided = x.prompt.decision ? x.prompt.decision->seq : 0;
    if (is_open) {
      if (of.number != 0 && decided != of.decision && x.prompt.decision
          && !answers(of.number)
          && x.prompt.decision->result == protocol::decision_result::failed)
        say_about("failed", of.number,
                  "Waits again: " + decision_words(*x.prompt.decision), clock);
      const bool is_news =
          of.number == 0 ? !x.prompt.quiet : of.revision != x.prompt.revision;
      if (is_news)
        say_prompt(x, of, now, clock);
    } else if (of.is_open) {
      say_end(&x.prompt, of, clock);
      lines_.erase(of.number);
      of.number = 0;
    }
    of.is_open = is_open;
    of.decision = decided;
  }
  std::erase_if(told_, [&](const auto& each) {
    const auto& of = each.second;
    if (of.generation == generation_)
      return false;
    if (of.is_open)
      say_end(nullptr, of, clock);
    lines_.erase(of.number);
    return true;
  });
}

const protocol::list_entry*
plain_session::current(std::uint64_t number, const protocol::prompt_list& list,
                       std::string_view clock) {
  const auto line = lines_.find(number);
  const auto* x =
      line == lines_.end() ? nullptr : list.find(line->second.entry);
  std::string why;
  if (x == nullptr || !x->prompt.is_open())
    why = number > last_number_ || number <= first_
              ? "there is no prompt of this number"
              : "this prompt was decided, is gone, or has changed and has "
                "another number; l lists what waits";
  else if (x->prompt.revision != line->second.revision)
    why = "this prompt has changed; look at its new line";
  else if (x->is_stale)
    why = "its hub is away; wait until it is back";
  else
    return x;
  say_about("error", number, "Nothing done: " + why, clock);
  return nullptr;
}

plain_session::wish plain_session::command(std::string_view line,
                                           const protocol::prompt_list& list,
                                           std::int64_t now,
                                           std::string_view clock) {
  using order = protocol::plain_order::kind;
  const auto parsed = is_json_ ? protocol::parse_json_command(line)
                               : protocol::parse_plain_command(line);
  if (const auto* fault = std::get_if<protocol::plain_fault>(&parsed)) {
    problem("Nothing done: " + fault->why, clock);
    return {};
  }
  if (const auto* decide = std::get_if<protocol::plain_decide>(&parsed)) {
    const auto* x = current(decide->number, list, clock);
    if (x == nullptr)
      return {};
    if (!x->can_be_decided()) {
      say_about("error", decide->number,
                "Nothing done: this prompt is being decided", clock);
      return {};
    }
    lines_.at(decide->number).is_answered = true;
    return wants_decision{decide->number, x->key, x->prompt.revision,
                          decide->action, decide->reason};
  }
  const auto& asked = std::get<protocol::plain_order>(parsed);
  switch (asked.what) {
  case order::nothing:
    return {};
  case order::quit:
    return wants_end{};
  case order::help:
    show_help(clock);
    return {};
  case order::list:
    show_list(list, now, clock);
    return {};
  case order::explain:
    if (const auto* x = current(asked.number, list, clock))
      return wants_explanation{asked.number, x->key};
    return {};
  case order::quiet:
    if (const auto* x = current(asked.number, list, clock))
      return wants_quiet{asked.number, x->key.hub, x->prompt.container,
                         quiet_.turn(*x)};
    return {};
  }
  return {};
}

void plain_session::show_help(std::string_view clock) {
  for (auto line : help_lines)
    say_about("help", 0, std::string{line}, clock);
}

void plain_session::show_list(const protocol::prompt_list& list,
                              std::int64_t now, std::string_view clock) {
  std::size_t count = 0;
  for (const auto& [number, x] : list.all()) {
    if (!x.prompt.is_open())
      continue;
    auto& of = told_[number];
    of.is_open = true;
    of.generation = generation_;
    say_prompt(x, of, now, clock);
    ++count;
  }
  say_about("listed", 0,
            count == 0
                ? "No prompt waits."
                : std::to_string(count)
                      + (count == 1 ? " prompt waits." : " prompts wait."),
            clock);
}

void plain_session::decision(std::uint64_t number, const decision_outcome& x,
                             std::string_view clock) {
  if (const auto line = lines_.find(number); line != lines_.end())
    line->second.is_answered = x.what == outcome_kind::done
                               || x.what == outcome_kind::already
                               || x.what == outcome_kind::gone;
  if (!is_json_) {
    say(clock, bracketed(number) + x.text);
    return;
  }
  {
    json_members to{out_};
    to.text("type", "outcome");
    to.count("number", number);
    to.text("outcome", word_of_outcome(x.what));
    to.text("text", x.text);
  }
  out_ += '\n';
}

void plain_session::explanation(std::uint64_t number, const call_result& x,
                                std::string_view clock) {
  for (const auto& line : explanation_lines(x))
    say_about("explanation", number, line, clock);
}

// A line that was cut may say something else: `a 1` of `a 12`.
void plain_session::input_ended(std::string_view rest, std::string_view clock) {
  if (!protocol::trimmed(rest).empty())
    problem("Nothing done: the last line has no end", clock);
}

void plain_session::quiet(const wants_quiet& of, const call_result& x,
                          std::string_view clock) {
  if (!x.failure.empty() || !x.answer.error.empty()) {
    quiet_.failed(of.hub, of.container);
    say_about("error", of.number,
              "Nothing done: "
                  + (x.failure.empty() ? "refused: " + shown(x.answer.error)
                                       : x.failure),
              clock);
  } else {
    say_about("quiet", of.number,
              of.on ? "Quiet: new prompts of this container are not shown; l "
                      "lists them"
                    : "No longer quiet",
              clock);
  }
}

std::string plain_session::take_output() {
  return std::exchange(out_, {});
}

} // namespace clearance::services
