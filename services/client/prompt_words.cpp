#include "services/client/prompt_words.hpp"

#include "protocol/text/text.hpp"
#include "services/client/operator_calls.hpp"

#include <algorithm>

namespace clearance::services {

namespace {

using protocol::escaped;

/// Flags that say less about a target than others.
constexpr std::string_view milder_flags[] = {"link_local", "shared_address",
                                             "many_targets", "no_name"};

/// `shared_address` as `shared address`.
std::string flag_word(std::string_view flag) {
  auto result = escaped(flag, 40);
  std::replace(result.begin(), result.end(), '_', ' ');
  return result;
}

template <class T>
bool is_in(const std::vector<T>& all, const T& x) {
  return std::find(all.begin(), all.end(), x) != all.end();
}

void add_part(std::string& to, const std::string& part) {
  to += (to.empty() ? "" : "; ") + part;
}

/// A string of TOML.
std::string quoted_toml(std::string_view text) {
  std::string result;
  protocol::append_json(result, escaped(text));
  return result;
}

} // namespace

std::string container_words(const protocol::listed_prompt& x) {
  const auto name = x.in_dossier("container_name");
  return escaped(name.empty() ? std::string_view{x.container} : name, 80);
}

std::string ports_words(const protocol::listed_prompt& x) {
  std::string result;
  for (auto each : x.ports)
    result += (result.empty() ? "" : ", ") + std::to_string(each);
  return result;
}

std::string addresses_words(const protocol::listed_prompt& x) {
  auto result = escaped(x.dest, 80);
  const auto more =
      static_cast<std::int64_t>(x.addresses.size()) - 1 + x.more_addresses;
  if (more > 0)
    result += " and " + std::to_string(more) + " more";
  return result;
}

std::string flags_words(const protocol::listed_prompt& x) {
  const auto rank = [](std::string_view flag) {
    return std::find(std::begin(milder_flags), std::end(milder_flags), flag);
  };
  auto flags = x.flags;
  std::stable_sort(flags.begin(), flags.end(),
                   [&](const auto& a, const auto& b) {
                     // What is not known here is not mild.
                     return rank(a) == std::end(milder_flags)
                            && rank(b) != std::end(milder_flags);
                   });
  if (auto worst = std::find(flags.begin(), flags.end(), "metadata_service");
      worst != flags.end())
    std::rotate(flags.begin(), worst, worst + 1);
  std::string result;
  for (const auto& each : flags)
    result += (result.empty() ? "" : ", ") + flag_word(each);
  return result;
}

std::string decision_words(const protocol::decision& x) {
  using result_of = protocol::decision_result;
  std::string result{to_string(x.action)};
  if (x.result == result_of::applied || x.result == result_of::left_denied)
    result = x.action == protocol::action::allow ? "allowed" : "denied";
  result += " by " + decider_text(x);
  if (x.result == protocol::decision_result::failed)
    result += " failed: " + escaped(x.error, 200);
  else if (!x.reason.empty())
    result += ": " + escaped(x.reason, 200);
  return result;
}

std::string end_words(std::string_view why) {
  if (why == "container_exited")
    return "its container ended";
  if (why == "shield_down")
    return "the firewall of its container is down";
  if (why == "shield_disengaged")
    return "the firewall of its container was turned off";
  if (why == "forgotten")
    return "the hub forgot it, because too many wait";
  return escaped(why, 80);
}

std::string hub_words(const protocol::hub_entry& x) {
  using status = protocol::link_status;
  switch (x.status) {
  case status::absent:
    return x.why.empty() ? "not connected yet" : escaped(x.why, 300);
  case status::loading:
    return "connected, its prompts are being read";
  case status::current:
    break;
  }
  return x.is_older
             ? "connected; it is older and keeps no prompts: only blocks "
               "from now on, without history, rules and explanations"
             : "connected";
}

std::string host_words(const protocol::host_entry& x) {
  using status = protocol::link_status;
  switch (x.status) {
  case status::absent:
    return escaped(x.why, 600);
  case status::loading:
    return x.why.empty() ? "connecting" : escaped(x.why, 600) + "; connecting";
  case status::current:
    break;
  }
  return "connected";
}

std::string changes_words(const protocol::listed_prompt& before,
                          const protocol::listed_prompt& now) {
  std::string result;
  for (const auto& x : now.addresses)
    if (!is_in(before.addresses, x))
      add_part(result, "address " + escaped(x, 80) + " is new");
  for (const auto& x : now.flags)
    if (!is_in(before.flags, x))
      add_part(result, "flag " + flag_word(x) + " is new");
  for (const auto& x : before.flags)
    if (!is_in(now.flags, x))
      add_part(result, "flag " + flag_word(x) + " is gone");
  if (before.rule != now.rule)
    add_part(result, now.rule.empty()
                         ? "no rule matches any more"
                         : "rule " + escaped(now.rule, 80) + " matches");
  if (before.domain != now.domain)
    add_part(result, "the name is " + escaped(now.domain, 80));
  return result.empty() ? "something that matters has changed" : result;
}

std::string rule_text(const protocol::listed_prompt& x, protocol::action action,
                      std::string_view day) {
  std::string result =
      "[[rule]]\nname = "
      + quoted_toml(escaped(x.target, 60) + " for " + container_words(x))
      + "\nwhy = \"say here why\"\n";
  std::string on;
  for (const auto* key : {"project", "task"})
    if (const auto value = x.in_dossier(key); !value.empty())
      on += std::string{on.empty() ? " " : ", "} + key + " = "
            + quoted_toml(value);
  if (on.empty())
    on = " container = " + quoted_toml(x.container);
  result += "on = {" + on + " }\nto = [" + quoted_toml(x.target) + "]\n";
  if (!x.ports.empty())
    result += "ports = [" + ports_words(x) + "]\n";
  result += "action = \"" + std::string{to_string(action)} + "\"\n";
  if (action == protocol::action::allow)
    result += "expires = " + std::string{day} + "\n";
  return result;
}

} // namespace clearance::services
