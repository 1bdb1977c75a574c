#include "protocol/varlink/operator_call.hpp"

#include "protocol/json/json_tree.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace clearance::protocol::varlink {

namespace {

/// Takes the parameters of one call, in their declared order. The first one
/// that is bad is remembered.
class parameter_taker {
public:
  explicit parameter_taker(const call& from) : from_(from) {
    // nop
  }

  void text(std::string_view name, std::string& to) {
    if (const auto* x = need(name, parameter::kind::string))
      to = x->text;
  }
  void text_if(std::string_view name, std::string& to) {
    if (const auto* x = take(name, parameter::kind::string))
      to = x->text;
  }
  void truth(std::string_view name, bool& to) {
    if (const auto* x = need(name, parameter::kind::boolean))
      to = x->text == "true";
  }
  void truth_if(std::string_view name, bool& to) {
    if (const auto* x = take(name, parameter::kind::boolean))
      to = x->text == "true";
  }
  void number(std::string_view name, std::int64_t& to) {
    if (const auto* x = need(name, parameter::kind::integer))
      to = number_of(*x);
  }
  void number_if(std::string_view name, std::optional<std::int64_t>& to) {
    if (const auto* x = take(name, parameter::kind::integer))
      to = number_of(*x);
  }

  /// An object or array; `read(tree)` says whether it has the declared form.
  template <class F>
  void tree_if(std::string_view name, F read) {
    const auto* x = take(name, parameter::kind::other);
    if (x == nullptr)
      return;
    auto tree = parse_json_tree(x->text);
    if (!tree || !read(*tree))
      refuse(name);
  }

  /// After the last one: the first bad parameter, or one that is not declared.
  std::optional<std::string> bad() const {
    if (bad_)
      return bad_;
    for (const auto& x : from_.parameters)
      if (std::find(declared_.begin(), declared_.end(), x.name)
          == declared_.end())
        return x.name;
    return std::nullopt;
  }

private:
  static std::int64_t number_of(const parameter& x) noexcept {
    std::int64_t result = 0;
    std::from_chars(x.text.data(), x.text.data() + x.text.size(), result);
    return result;
  }

  // Null if it is absent, null or bad.
  const parameter* take(std::string_view name, parameter::kind type) {
    declared_.push_back(name);
    const auto* x = find(from_.parameters, name);
    if (x == nullptr || x->type == parameter::kind::null)
      return nullptr;
    if (x->type == type)
      return x;
    refuse(name);
    return nullptr;
  }

  const parameter* need(std::string_view name, parameter::kind type) {
    const auto* x = take(name, type);
    if (x == nullptr)
      refuse(name);
    return x;
  }

  void refuse(std::string_view name) {
    if (!bad_)
      bad_ = name;
  }

  const call& from_;
  std::vector<std::string_view> declared_;
  std::optional<std::string> bad_;
};

template <class T, class F>
bool read_list(const json_tree& from, std::vector<T>& to, F element) {
  if (from.type != json_tree::kind::array)
    return false;
  for (const auto& x : from.items) {
    auto value = element(x);
    if (!value)
      return false;
    to.push_back(std::move(*value));
  }
  return true;
}

bool read_scope(const json_tree& from, std::optional<std::int64_t>& seconds) {
  if (from.type != json_tree::kind::object)
    return false;
  return std::all_of(from.members.begin(), from.members.end(),
                     [&](const auto& x) {
                       if (x.name != "seconds")
                         return false;
                       seconds = x.value.integer();
                       return seconds || x.value.type == json_tree::kind::null;
                     });
}

bool read_texts(const json_tree& from, dossier& to) {
  if (from.type != json_tree::kind::object)
    return false;
  return std::all_of(from.members.begin(), from.members.end(),
                     [&](const auto& x) {
                       to.emplace_back(x.name, x.value.text);
                       return x.value.type == json_tree::kind::string;
                     });
}

watch_call read_watch(parameter_taker& from) {
  watch_call result;
  from.text_if("name", result.name);
  from.truth_if("attends", result.attends);
  return result;
}

list_call read_list_call(parameter_taker& from) {
  list_call result;
  from.text_if("container", result.container);
  return result;
}

decide_call read_decide(parameter_taker& from) {
  decide_call result;
  from.text("prompt", result.prompt);
  from.number("revision", result.revision);
  from.text("action", result.action);
  from.text_if("reason", result.reason);
  from.tree_if("scope", [&](const json_tree& x) {
    return read_scope(x, result.seconds);
  });
  from.text_if("name", result.name);
  return result;
}

quiet_call read_quiet(parameter_taker& from) {
  quiet_call result;
  from.text("container", result.container);
  from.truth("on", result.on);
  return result;
}

history_call read_history(parameter_taker& from) {
  history_call result;
  std::optional<std::int64_t> after;
  from.number_if("after", after);
  result.after = after.value_or(0);
  from.number_if("limit", result.limit);
  from.text_if("container", result.container);
  return result;
}

explain_call read_explain(parameter_taker& from) {
  explain_call result;
  from.text_if("prompt", result.prompt);
  from.text_if("container", result.container);
  from.text_if("target", result.target);
  from.tree_if("dossier", [&](const json_tree& x) {
    return read_texts(x, result.dossier);
  });
  from.tree_if("addresses", [&](const json_tree& x) {
    return read_list(x, result.addresses,
                     [](const json_tree& y) { return y.string(); });
  });
  from.tree_if("ports", [&](const json_tree& x) {
    return read_list(x, result.ports,
                     [](const json_tree& y) { return y.integer(); });
  });
  return result;
}

} // namespace

std::variant<operator_call, operator_refusal>
parse_operator_call(std::string_view method, const call& x) {
  using kind = operator_refusal::kind;
  parameter_taker from{x};
  operator_call result;
  if (method == "Watch")
    result = read_watch(from);
  else if (method == "List")
    result = read_list_call(from);
  else if (method == "Decide")
    result = read_decide(from);
  else if (method == "Quiet")
    result = read_quiet(from);
  else if (method == "History")
    result = read_history(from);
  else if (method == "Explain")
    result = read_explain(from);
  else if (method == "Rules")
    result = rules_call{};
  else if (method == "Lost")
    result = lost_call{};
  else
    return operator_refusal{method == "AddRule" ? kind::not_implemented
                                                : kind::no_method,
                            std::string{method}};
  if (auto bad = from.bad())
    return operator_refusal{kind::bad_parameter, std::move(*bad)};
  if (std::holds_alternative<watch_call>(result) && !x.more)
    return operator_refusal{kind::expected_more, std::string{method}};
  return result;
}

} // namespace clearance::protocol::varlink
