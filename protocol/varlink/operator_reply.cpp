#include "protocol/varlink/operator_reply.hpp"

#include "protocol/operator/json_members.hpp"
#include "protocol/varlink/message.hpp"
#include "protocol/varlink/operator_call.hpp"

#include <algorithm>
#include <vector>

namespace clearance::protocol::varlink {

namespace {

// `write(members)` writes the parameters.
template <class F>
std::string make_reply(std::string_view error, F write) {
  std::string result = "{";
  if (!error.empty()) {
    result += R"("error":")";
    result += operator_name;
    result += '.';
    result += error;
    result += R"(",)";
  }
  result += R"("parameters":)";
  {
    json_members to{result};
    write(to);
  }
  result += '}';
  result += '\0';
  return result;
}

std::string decision_error(std::string_view error, const decision& x) {
  return make_reply(
      error, [&](json_members& to) { append_decision(to.raw("decision"), x); });
}

std::string text_error(std::string_view error, std::string_view field,
                       std::string_view text) {
  return make_reply(error, [&](json_members& to) { to.text(field, text); });
}

} // namespace

std::string list_reply(const prompt_table& prompts, std::string_view container,
                       const shield_abilities& shield) {
  std::vector<const prompt*> wanted;
  const prompt* x = nullptr;
  for (std::uint64_t n = 0; (x = prompts.next_after(n)) != nullptr;
       n = x->number)
    if (container.empty() || x->container->name == container)
      wanted.push_back(x);
  return make_reply({}, [&](json_members& to) {
    to.list("prompts", wanted, [&](std::string& out, const prompt* y) {
      append_prompt(out, *y, prompts.id_of(y->number), shield);
    });
  });
}

std::string decide_reply(const decision& x) {
  return decision_error({}, x);
}

std::string empty_reply() {
  return make_reply({}, [](json_members&) {
    // nop
  });
}

std::string history_reply(const std::deque<decision>& all, std::uint64_t after,
                          std::size_t limit, std::string_view container) {
  std::vector<const decision*> wanted;
  for (const auto& x : all)
    if (x.seq > after && (container.empty() || x.container == container))
      wanted.push_back(&x);
  if (wanted.size() > limit)
    wanted.erase(wanted.begin(),
                 wanted.end() - static_cast<std::ptrdiff_t>(limit));
  return make_reply({}, [&](json_members& to) {
    to.list("decisions", wanted, [](std::string& out, const decision* x) {
      append_decision(out, *x);
    });
  });
}

std::string explain_reply(const policy_explanation& x) {
  std::vector<std::string_view> names;
  for (const auto* rule : x.ruling.matched)
    names.push_back(rule->name);
  std::sort(names.begin(), names.end());
  auto text = [](std::string& out, std::string_view y) { append_json(out, y); };
  return make_reply({}, [&](json_members& to) {
    to.text("decision", to_string(x.ruling.action));
    to.list("rules", names, text);
    to.list("unknown", x.unknown, text);
    to.text("opens", x.opens);
  });
}

std::string rules_reply(const policy& x, std::string_view state) {
  return make_reply({}, [&](json_members& to) {
    to.list("rules", x.rules, append_rule);
    to.text("state", state);
  });
}

std::string lost_reply(std::uint64_t events) {
  return make_reply({}, [&](json_members& to) { to.count("events", events); });
}

std::string no_such_prompt(std::string_view id) {
  return text_error("NoSuchPrompt", "prompt", id);
}

std::string prompt_changed(const prompt& x, std::string_view id,
                           const shield_abilities& shield) {
  return make_reply("PromptChanged", [&](json_members& to) {
    append_prompt(to.raw("prompt"), x, id, shield);
  });
}

std::string already_decided(const decision& x) {
  return decision_error("AlreadyDecided", x);
}

std::string decision_failed(const decision& x) {
  return decision_error("DecisionFailed", x);
}

std::string scope_not_supported(std::string_view scope) {
  return text_error("ScopeNotSupported", "scope", scope);
}

std::string invalid_action(std::string_view action) {
  return text_error("InvalidAction", "action", action);
}

std::string invalid_parameter(std::string_view name) {
  std::string result;
  append_error(result, "org.varlink.service.InvalidParameter",
               {{"parameter", name}});
  return result;
}

} // namespace clearance::protocol::varlink
