#include "services/embedding/prompt_messages.hpp"

#include "actors/base/error.hpp"
#include "protocol/operator/json_members.hpp"
#include "protocol/operator/operator_answer.hpp"

#include <utility>

namespace clearance::actors::embedding {

using protocol::json_members;
using protocol::json_tree;
using protocol::varlink::reply;

namespace {

template <class F>
std::string operator_call(std::string_view method, F write) {
  std::string result = R"({"method":"org.terok.ClearanceOperator1.)";
  result.append(method) += R"(","parameters":)";
  {
    json_members to{result};
    write(to);
  }
  result += '}';
  result += '\0';
  return result;
}

// Null if the reply does not have it.
std::optional<json_tree> tree_in(const reply& x, std::string_view name) {
  const auto* found = protocol::varlink::find(x.parameters, name);
  return found == nullptr ? std::nullopt
                          : protocol::parse_json_tree(found->text);
}

// A string's text is without quotes.
std::string text_in(const reply& x, std::string_view name) {
  const auto* found = protocol::varlink::find(x.parameters, name);
  return found == nullptr ? std::string{} : found->text;
}

std::vector<std::string> texts_in(const reply& x, std::string_view name) {
  std::vector<std::string> result;
  if (const auto list = tree_in(x, name))
    for (const auto& each : list->items)
      result.push_back(each.text);
  return result;
}

caf::error refusal(const reply& x) {
  return make_error(errc::bad_argument, "the hub answered " + x.error);
}

face::prompt to_face(protocol::listed_prompt&& x) {
  face::prompt result{std::move(x.id),
                      x.revision,
                      std::move(x.container),
                      std::move(x.target),
                      std::move(x.domain),
                      std::move(x.dest),
                      std::move(x.flags),
                      std::move(x.ports),
                      x.first_seen,
                      x.last_seen,
                      x.count,
                      std::string{to_string(x.state)},
                      std::move(x.why),
                      x.quiet,
                      std::move(x.opens),
                      {},
                      {},
                      {}};
  if (x.decision) {
    result.action = to_string(x.decision->action);
    result.decider = to_string(x.decision->by.what);
    result.result = to_string(x.decision->result);
  }
  return result;
}

face::made_decision to_face(protocol::decision&& x) {
  return {static_cast<std::int64_t>(x.seq),
          std::move(x.prompt),
          std::move(x.container),
          std::move(x.target),
          std::string{to_string(x.action)},
          std::string{to_string(x.by.what)},
          std::move(x.by.name),
          std::move(x.reason),
          std::move(x.rule),
          std::string{to_string(x.result)},
          std::move(x.error),
          x.at};
}

void add_prompt(face::prompts& to, const json_tree& x) {
  if (auto read = protocol::read_prompt(x))
    to.list.push_back(to_face(std::move(*read)));
}

void add_page(face::prompts& to, const reply& x) {
  if (const auto page = tree_in(x, "prompts"))
    for (const auto& each : page->items)
      add_prompt(to, each);
}

} // namespace

std::string watch_message() {
  auto result = operator_call(
      "Watch", [](json_members& to) { to.text("name", "application"); });
  constexpr std::string_view end{"}\0", 2};
  result.resize(result.size() - end.size());
  result += R"(,"more":true)";
  return result += end;
}

std::string message_of(const face::list_prompts& x) {
  return operator_call(
      "List", [&](json_members& to) { to.text_if("container", x.container); });
}

std::string message_of(const face::decision& x) {
  return operator_call("Decide", [&](json_members& to) {
    to.text("prompt", x.prompt);
    to.number("revision", x.revision);
    to.text("action", x.action);
    to.text_if("reason", x.reason);
    if (x.seconds != 0)
      json_members{to.raw("scope")}.number("seconds", x.seconds);
  });
}

std::string message_of(const face::quiet& x) {
  return operator_call("Quiet", [&](json_members& to) {
    to.text("container", x.container);
    to.truth("on", x.on);
  });
}

std::string message_of(const face::history& x) {
  return operator_call("History", [&](json_members& to) {
    to.number("after", x.after);
    if (x.limit != 0)
      to.number("limit", x.limit);
    to.text_if("container", x.container);
  });
}

std::string message_of(const face::question& x) {
  return operator_call("Explain", [&](json_members& to) {
    if (!x.prompt.empty())
      return to.text("prompt", x.prompt);
    to.text_if("container", x.container);
    to.text_if("target", x.target);
    if (!x.dossier.empty())
      to.texts("dossier", x.dossier);
    if (!x.addresses.empty())
      to.list("addresses", x.addresses,
              [](std::string& out, const std::string& each) {
                protocol::append_json(out, each);
              });
    if (!x.ports.empty())
      to.list("ports", x.ports, [](std::string& out, std::int64_t each) {
        out += std::to_string(each);
      });
  });
}

caf::expected<face::prompts> prompts_in(const reply& x) {
  if (!x.error.empty())
    return refusal(x);
  face::prompts result;
  result.fresh = true;
  add_page(result, x);
  return result;
}

caf::expected<face::decisions> decisions_in(const reply& x) {
  if (!x.error.empty())
    return refusal(x);
  face::decisions result;
  if (const auto list = tree_in(x, "decisions"))
    for (const auto& each : list->items)
      if (auto read = protocol::read_decision(each))
        result.list.push_back(to_face(std::move(*read)));
  return result;
}

caf::expected<face::explanation> explanation_in(const reply& x) {
  if (!x.error.empty())
    return refusal(x);
  return face::explanation{text_in(x, "decision"), texts_in(x, "rules"),
                           texts_in(x, "unknown"), text_in(x, "opens")};
}

bool add_changes(face::prompts& to, const reply& x) {
  const bool again = protocol::varlink::find(x.parameters, "restart") != nullptr
                     && text_in(x, "restart") == "true";
  if (again)
    to = {};
  add_page(to, x);
  if (const auto one = tree_in(x, "prompt"); one && !one->members.empty())
    add_prompt(to, *one);
  for (auto& id : texts_in(x, "removed"))
    to.removed.push_back(std::move(id));
  return again;
}

} // namespace clearance::actors::embedding
