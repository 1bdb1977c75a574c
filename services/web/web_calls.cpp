#include "services/web/web_calls.hpp"

#include "protocol/operator/json_members.hpp"
#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/prompt_words.hpp"
#include "services/client/wall_time.hpp"

#include <algorithm>
#include <vector>

namespace clearance::services {

namespace {

using protocol::json_members;

/// How what came of a call looks in the page.
std::string_view word_of(decision_outcome::kind x) {
  using kind = decision_outcome::kind;
  switch (x) {
  case kind::done:
    return "done";
  case kind::failed:
    return "failed";
  case kind::changed:
    return "changed";
  case kind::already:
    return "already";
  case kind::gone:
    return "gone";
  case kind::unknown:
    return "unknown";
  }
  return {};
}

std::string outcome_json(std::string_view what, std::string_view text) {
  std::string out;
  {
    json_members to{out};
    to.text("what", what);
    to.text("text", text);
  }
  return out;
}

std::string lines_json(const std::vector<std::string>& lines) {
  std::string out;
  {
    json_members to{out};
    to.list("lines", lines, [](std::string& text, const std::string& x) {
      protocol::append_json(text, x);
    });
  }
  return out;
}

std::vector<std::string> lines_in(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    result.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

} // namespace

void web_calls::call(protocol::web_call what, const protocol::web_body& body,
                     const answer& reply, time_point now) {
  using kind = protocol::web_call;
  if (what == kind::rules) {
    hubs_.rules(
        body.hub,
        [reply](const call_result& x) { reply(lines_json(rule_lines(x))); },
        now);
    return;
  }
  const auto* entry = list_.find(body.number);
  if (entry == nullptr) {
    reply(outcome_json("gone", "it is gone, nothing was decided"));
    return;
  }
  switch (what) {
  case kind::decide:
    decide(*entry, body, reply, now);
    return;
  case kind::explain:
    hubs_.explain(
        entry->key,
        [reply](const call_result& x) {
          reply(lines_json(explanation_lines(x)));
        },
        now);
    return;
  case kind::quiet:
    quiet(*entry, reply, now);
    return;
  case kind::rule: {
    const auto expires = local_text(
        wall_microseconds() + std::int64_t{30} * 24 * 3600 * 1'000'000,
        "%Y-%m-%d");
    reply(lines_json(lines_in(
        rule_text(entry->prompt, body.answer.value_or(protocol::action::allow),
                  expires))));
    return;
  }
  case kind::page:
  case kind::session:
  case kind::window:
  case kind::stream:
  case kind::alive:
  case kind::rules:
    break;
  }
}

void web_calls::decide(const protocol::list_entry& of,
                       const protocol::web_body& body, const answer& reply,
                       time_point now) {
  if (!body.answer || body.revision <= 0) {
    reply(outcome_json("unknown", "the page did not say what to decide"));
    return;
  }
  if (!of.can_be_decided()) {
    reply(of.is_stale
              ? outcome_json("unknown",
                             "its hub is away; it cannot be decided now")
              : outcome_json("already", "somebody decides it at this moment"));
    return;
  }
  hubs_.decide(
      of.key, body.revision, *body.answer, body.reason,
      [reply, before = of.prompt](const decision_outcome& x) {
        auto text = x.text;
        if (x.what == decision_outcome::kind::changed && x.prompt)
          text = "nothing was decided, because it has changed: "
                 + changes_words(before, *x.prompt);
        reply(outcome_json(word_of(x.what), text));
      },
      now);
}

void web_calls::quiet(const protocol::list_entry& of, const answer& reply,
                      time_point now) {
  const bool on = quiet_.turn(of);
  hubs_.quiet(
      of.key.hub, of.prompt.container, on,
      [this, reply, on, hub = of.key.hub,
       container = of.prompt.container](const call_result& x) {
        if (!x.failure.empty() || !x.answer.error.empty())
          quiet_.failed(hub, container);
        const auto name = protocol::escaped(container, 40);
        if (!x.failure.empty())
          reply(outcome_json("unknown", x.failure));
        else if (!x.answer.error.empty())
          reply(outcome_json("unknown", "refused: " + shown(x.answer.error)));
        else
          reply(outcome_json(
              "done", on ? name
                               + " is quiet: its prompts stay blocked and "
                                 "listed, and are not counted as waiting"
                         : name + " is no longer quiet"));
      },
      now);
}

} // namespace clearance::services
