#include "protocol/operator/operator_answer.hpp"

#include "protocol/operator/json_members.hpp"

#include <array>

namespace clearance::protocol {

namespace {

/// Reads the members of one object. `good()` is false once a member had the
/// wrong type.
class answer_reader {
public:
  explicit answer_reader(const json_tree& from) : from_(from) {
    good_ = from.type == json_tree::kind::object;
  }

  bool good() const noexcept { return good_; }

  const json_tree* member(std::string_view name) const noexcept {
    const auto* x = from_.find(name);
    return x == nullptr || x->type == json_tree::kind::null ? nullptr : x;
  }

  void text(std::string_view name, std::string& to) {
    if (const auto* x = member(name))
      take(x->string(), to);
  }
  void number(std::string_view name, std::int64_t& to) {
    if (const auto* x = member(name))
      take(x->integer(), to);
  }
  void number(std::string_view name, std::optional<std::int64_t>& to) {
    if (const auto* x = member(name))
      take(x->integer(), to.emplace());
  }
  void truth(std::string_view name, bool& to) {
    if (const auto* x = member(name))
      take(x->boolean(), to);
  }

  /// A number that is not negative.
  template <class T>
  void count(std::string_view name, T& to) {
    std::int64_t value = 0;
    number(name, value);
    good_ = good_ && value >= 0;
    if (good_)
      to = static_cast<T>(value);
  }

  void texts(std::string_view name, std::vector<std::string>& to) {
    for (const auto& x : elements(name))
      take(x.string(), to.emplace_back());
  }
  void numbers(std::string_view name, std::vector<std::int64_t>& to) {
    for (const auto& x : elements(name))
      take(x.integer(), to.emplace_back());
  }

  void pairs(std::string_view name, dossier& to) {
    const auto* x = member(name);
    if (x == nullptr)
      return;
    good_ = good_ && x->type == json_tree::kind::object;
    for (const auto& [key, value] : x->members) {
      to.emplace_back(key, "");
      take(value.string(), to.back().second);
    }
  }

  /// One of `words`, each the text of a value.
  template <class T, std::size_t N>
  void word(std::string_view name, T& to, const std::array<T, N>& values) {
    std::string text_of_it;
    text(name, text_of_it);
    for (const auto& x : values)
      if (to_string(x) == text_of_it) {
        to = x;
        return;
      }
    good_ = false;
  }

  /// A nested object, read by `read`.
  template <class T>
  void nested(std::string_view name, std::optional<T>& to,
              std::optional<T> (*read)(const json_tree&)) {
    const auto* x = member(name);
    if (x == nullptr)
      return;
    to = read(*x);
    good_ = good_ && to.has_value();
  }

  const std::vector<json_tree>& elements(std::string_view name) {
    static const std::vector<json_tree> none;
    const auto* x = member(name);
    if (x == nullptr)
      return none;
    good_ = good_ && x->type == json_tree::kind::array;
    return x->items;
  }

  void fail() noexcept { good_ = false; }

private:
  template <class T>
  void take(const std::optional<T>& from, T& to) {
    if (from)
      to = *from;
    else
      good_ = false;
  }

  const json_tree& from_;
  bool good_ = true;
};

constexpr std::array prompt_states{
    prompt_state::waiting,
    prompt_state::deciding,
    prompt_state::decided,
    prompt_state::gone,
};

constexpr std::array decider_kinds{
    decider::kind::operator_client,
    decider::kind::policy,
    decider::kind::application,
};

constexpr std::array decision_results{
    decision_result::applied,
    decision_result::failed,
    decision_result::pending,
    decision_result::left_denied,
};

constexpr std::array actions{action::allow, action::deny};

std::optional<decider> read_decider(const json_tree& x) {
  answer_reader from{x};
  decider result;
  from.word("kind", result.what, decider_kinds);
  from.number("uid", result.uid);
  from.number("pid", result.pid);
  from.text("command", result.command);
  from.text("name", result.name);
  return from.good() ? std::optional{std::move(result)} : std::nullopt;
}

} // namespace

std::string_view
listed_prompt::in_dossier(std::string_view key) const noexcept {
  for (const auto& [name, value] : dossier)
    if (name == key)
      return value;
  return {};
}

const json_tree* operator_answer::find(std::string_view name) const noexcept {
  const auto* x = parameters.find(name);
  return x == nullptr || x->type == json_tree::kind::null ? nullptr : x;
}

std::optional<operator_answer> parse_operator_answer(std::string_view message) {
  auto tree = parse_json_tree(message);
  if (!tree)
    return std::nullopt;
  operator_answer result;
  answer_reader from{*tree};
  from.text("error", result.error);
  if (const auto* x = from.member("parameters")) {
    if (x->type != json_tree::kind::object)
      return std::nullopt;
    result.parameters = *x;
  } else {
    result.parameters.type = json_tree::kind::object;
  }
  return from.good() ? std::optional{std::move(result)} : std::nullopt;
}

std::optional<protocol::decision> read_decision(const json_tree& x) {
  answer_reader from{x};
  protocol::decision result;
  std::optional<decider> by;
  from.count("seq", result.seq);
  from.text("prompt", result.prompt);
  from.word("action", result.action, actions);
  from.nested("by", by, read_decider);
  from.number("at", result.at);
  from.text("reason", result.reason);
  from.text("rule", result.rule);
  from.word("result", result.result, decision_results);
  from.text("error", result.error);
  from.number("until", result.until);
  from.number("waited", result.waited);
  from.number("shown", result.shown);
  from.text("container", result.container);
  from.text("target", result.target);
  if (!from.good())
    return std::nullopt;
  if (by)
    result.by = std::move(*by);
  return result;
}

std::optional<listed_prompt> read_prompt(const json_tree& x) {
  answer_reader from{x};
  listed_prompt result;
  from.text("id", result.id);
  from.number("revision", result.revision);
  from.text("container", result.container);
  from.pairs("dossier", result.dossier);
  from.text("target", result.target);
  from.text("domain", result.domain);
  from.text("dest", result.dest);
  from.texts("addresses", result.addresses);
  from.number("more_addresses", result.more_addresses);
  from.numbers("ports", result.ports);
  from.numbers("protocols", result.protocols);
  from.texts("flags", result.flags);
  from.number("first_seen", result.first_seen);
  from.number("last_seen", result.last_seen);
  from.number("count", result.count);
  from.word("state", result.state, prompt_states);
  from.text("why", result.why);
  from.truth("quiet", result.quiet);
  from.text("rule", result.rule);
  from.text("opens", result.opens);
  from.nested("decision", result.decision, read_decision);
  if (!from.good() || result.id.empty())
    return std::nullopt;
  return result;
}

std::optional<hub_state> read_hub(const json_tree& x) {
  answer_reader from{x};
  hub_state result;
  from.text("id", result.id);
  from.text("version", result.version);
  from.number("since", result.since);
  from.count("containers", result.containers);
  from.count("waiting", result.waiting);
  from.count("operators", result.operators);
  from.texts("scopes", result.scopes);
  from.text("policy", result.policy);
  from.text("audit", result.audit);
  from.count("events_lost", result.events_lost);
  return from.good() ? std::optional{std::move(result)} : std::nullopt;
}

std::optional<watch_reply> read_watch_reply(const operator_answer& x) {
  answer_reader from{x.parameters};
  watch_reply result;
  from.nested("hub", result.hub, read_hub);
  for (const auto& each : from.elements("prompts")) {
    if (auto prompt = read_prompt(each))
      result.prompts.push_back(std::move(*prompt));
    else
      from.fail();
  }
  from.truth("complete", result.complete);
  from.truth("restart", result.restart);
  from.nested("prompt", result.prompt, read_prompt);
  from.texts("removed", result.removed);
  from.number("lost", result.lost);
  return from.good() ? std::optional{std::move(result)} : std::nullopt;
}

void append_listed_prompt(std::string& out, const listed_prompt& x) {
  const auto text = [](std::string& to, const std::string& y) {
    append_json(to, y);
  };
  const auto number = [](std::string& to, std::int64_t y) {
    to += std::to_string(y);
  };
  json_members to{out};
  to.text("id", x.id);
  to.number("revision", x.revision);
  to.text("container", x.container);
  to.texts("dossier", x.dossier);
  to.text("target", x.target);
  to.text("domain", x.domain);
  to.text("dest", x.dest);
  to.list("addresses", x.addresses, text);
  to.number("more_addresses", x.more_addresses);
  to.list("ports", x.ports, number);
  to.list("protocols", x.protocols, number);
  to.list("flags", x.flags, text);
  to.number("first_seen", x.first_seen);
  to.number("last_seen", x.last_seen);
  to.number("count", x.count);
  to.text("state", to_string(x.state));
  to.text_if("why", x.why);
  to.truth("quiet", x.quiet);
  to.text_if("rule", x.rule);
  to.text("opens", x.opens);
  if (x.decision)
    append_decision(to.raw("decision"), *x.decision);
}

} // namespace clearance::protocol
