#include "services/client/operator_calls.hpp"

#include "protocol/operator/client_limits.hpp"
#include "protocol/text/text.hpp"
#include "protocol/varlink/message.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/operator_message.hpp"

#include <algorithm>

namespace clearance::services {

namespace {

using protocol::json_members;
using protocol::json_tree;

std::optional<protocol::decision> decision_in(const call_result& x) {
  const auto* tree = x.answer.find("decision");
  return tree == nullptr ? std::nullopt : protocol::read_decision(*tree);
}

/// What follows `org.terok.` of an error.
std::string_view error_name(const call_result& x) {
  std::string_view name = x.answer.error;
  name.remove_prefix(std::min(name.rfind('.') + 1, name.size()));
  return name;
}

std::string done_text(const protocol::decision& x, std::int64_t now) {
  std::string result{to_string(x.action)};
  result += " by " + decider_text(x);
  if (x.at > 0)
    result += " " + age_text(now - x.at) + " ago";
  if (!x.reason.empty())
    result += ": " + protocol::escaped(x.reason, 200);
  return result;
}

} // namespace

std::string watch_call_text(std::string_view client, bool attends) {
  return operator_message(
      "Watch",
      [&](json_members& to) {
        to.text("name", client);
        to.truth("attends", attends);
      },
      true);
}

std::string decide_call_text(const protocol::prompt_key& prompt,
                             std::int64_t revision, protocol::action action,
                             std::string_view reason, std::string_view client,
                             std::optional<std::int64_t> seconds) {
  return operator_message("Decide", [&](json_members& to) {
    to.text("prompt", prompt.id);
    to.number("revision", revision);
    to.text("action", to_string(action));
    to.text_if("reason", reason);
    if (seconds)
      json_members{to.raw("scope")}.number("seconds", *seconds);
    to.text("name", client);
  });
}

std::string quiet_call_text(std::string_view container, bool on) {
  return operator_message("Quiet", [&](json_members& to) {
    to.text("container", container);
    to.truth("on", on);
  });
}

std::string explain_call_text(std::string_view prompt) {
  return operator_message("Explain",
                          [&](json_members& to) { to.text("prompt", prompt); });
}

std::string history_call_text() {
  return operator_message("History", [](json_members&) {});
}

std::string rules_call_text() {
  return operator_message("Rules", [](json_members&) {});
}

std::string verdict_call_text(const protocol::older_hub::open_block& x,
                              protocol::action action) {
  std::string result;
  protocol::varlink::append_call(result, "org.terok.Clearance1.Verdict",
                                 {{"container", x.container},
                                  {"request_id", x.request_id},
                                  {"dest", x.dest},
                                  {"action", to_string(action)}});
  return result;
}

decision_outcome outcome_of_decision(const call_result& x, std::int64_t now) {
  using kind = decision_outcome::kind;
  if (!x.failure.empty())
    return {kind::unknown,
            x.was_sent
                ? "it is not known whether this was decided: " + x.failure
                : x.failure,
            {}};
  const auto made = decision_in(x);
  if (x.answer.error.empty()) {
    if (made && made->result == protocol::decision_result::left_denied)
      return {kind::done, "left denied, as the firewall does already", {}};
    return {kind::done,
            made && made->action == protocol::action::allow ? "allowed"
            : made                                          ? "denied"
                                                            : "done",
            {}};
  }
  const auto error = error_name(x);
  if (error == "AlreadyDecided")
    return {kind::already,
            made ? "decided already: " + done_text(*made, now)
                 : "somebody decided it already, or is about to",
            {}};
  if (error == "PromptChanged") {
    decision_outcome result{kind::changed, "", {}};
    if (const auto* tree = x.answer.find("prompt"))
      result.prompt = protocol::read_prompt(*tree);
    result.text = "the prompt has changed, nothing was decided: look again";
    return result;
  }
  if (error == "ScopeNotSupported")
    return {kind::failed,
            "only an allow ends by itself, and only with a shield that can do "
            "it; leave --for out",
            {}};
  if (error == "NoSuchPrompt" || error == "UnknownRequest")
    return {kind::gone, "it is gone, nothing was decided", {}};
  if (error == "DecisionFailed" || error == "ShieldCliFailed")
    return {kind::failed,
            "failed, the firewall was not changed"
                + (made && !made->error.empty()
                       ? ": " + protocol::escaped(made->error, 200)
                       : std::string{}),
            {}};
  return {kind::unknown, "refused: " + shown(x.answer.error), {}};
}

std::string decider_text(const protocol::decision& x) {
  using kind = protocol::decider::kind;
  const auto& by = x.by;
  switch (by.what) {
  case kind::policy:
    return "rule " + shown(x.rule);
  case kind::application:
    return by.name.empty() ? "the application"
                           : "the application " + shown(by.name);
  case kind::operator_client:
    break;
  }
  std::string result = by.uid ? "uid " + std::to_string(*by.uid) : "somebody";
  if (!by.name.empty())
    result += " (" + shown(by.name) + ")";
  else if (!by.command.empty())
    result += " (" + shown(by.command) + ")";
  return result;
}

std::vector<std::string> explanation_lines(const call_result& x) {
  if (!x.failure.empty())
    return {x.failure};
  if (!x.answer.error.empty())
    return {error_name(x) == "NoSuchPrompt"
                ? "The prompt is gone."
                : "The hub refused: " + shown(x.answer.error)};
  const auto text = [&](std::string_view name) {
    const auto* tree = x.answer.find(name);
    return tree == nullptr ? std::string{} : protocol::escaped(tree->text);
  };
  std::vector<std::string> result{"The policy says: " + text("decision")};
  const auto add = [&](std::string_view name, std::string_view what) {
    if (const auto* tree = x.answer.find(name))
      for (const auto& each : tree->items)
        result.push_back(std::string{what} + protocol::escaped(each.text));
  };
  add("rules", "A rule matches: ");
  add("unknown", "Not known, and a rule asks for it: ");
  if (result.size() == 1)
    result.emplace_back("No rule matches.");
  result.push_back(text("opens"));
  return result;
}

std::vector<std::string> rule_lines(const call_result& x) {
  if (!x.failure.empty())
    return {x.failure};
  if (!x.answer.error.empty())
    return {"refused: " + shown(x.answer.error)};
  const auto text = [](const json_tree& from, std::string_view name) {
    const auto* member = from.find(name);
    return member == nullptr ? std::string{}
                             : protocol::escaped(member->text, 200);
  };
  std::vector<std::string> result;
  if (const auto* state = x.answer.find("state"))
    result.push_back(protocol::escaped(state->text, 400));
  const auto* rules = x.answer.find("rules");
  if (rules == nullptr)
    return result;
  for (const auto& rule : rules->items) {
    std::string targets;
    if (const auto* to = rule.find("to"))
      for (const auto& each : to->items)
        targets +=
            (targets.empty() ? "" : ", ") + protocol::escaped(each.text, 80);
    result.push_back(text(rule, "action") + " " + targets + "  \""
                     + text(rule, "name") + "\" (" + text(rule, "file") + ":"
                     + text(rule, "line") + "): " + text(rule, "why"));
  }
  return result;
}

std::string age_text(std::int64_t microseconds) {
  const auto seconds = std::max<std::int64_t>(microseconds, 0) / 1'000'000;
  if (seconds < 60)
    return std::to_string(seconds) + " s";
  if (seconds < 3600)
    return std::to_string(seconds / 60) + " min";
  if (seconds < 86'400)
    return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86'400) + " d";
}

bool quiet_switches::turn(const protocol::list_entry& x) {
  const auto is_quiet = x.prompt.quiet;
  const auto key = std::pair{x.key.hub, x.prompt.container};
  const auto old = asked_.find(key);
  const bool on = old != asked_.end() && old->second.before == is_quiet
                      ? !old->second.on
                      : !is_quiet;
  // One that is old is worth less than the memory of many.
  if (asked_.size() >= protocol::client_limits::folded_prompts_max)
    asked_.clear();
  asked_[key] = {on, is_quiet};
  return on;
}

} // namespace clearance::services
