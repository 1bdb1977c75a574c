// Each rule is matched separately. Of the matching rules the one with the
// strictest action counts. So the order of rules and files does not matter.
//
// An allow matches less than a deny or an ask with the same text. It matches
// only if it lists everything that was seen. A range never allows a name,
// because only the container says which addresses a name has. An allow that
// matches but must not be executed is withheld: it counts as an ask, so that a
// person sees the prompt.

#include "protocol/operator/policy.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace clearance::protocol {

namespace {

using clock_time = std::chrono::sys_seconds;

bool is_in_force(const policy_rule& rule, clock_time now) {
  return !rule.expires || now < *rule.expires + std::chrono::days{1};
}

template <class Pairs>
const std::string* find_value(const Pairs& pairs, std::string_view key) {
  auto at = std::find_if(pairs.begin(), pairs.end(),
                         [key](const auto& x) { return x.first == key; });
  return at == pairs.end() ? nullptr : &at->second;
}

bool is_for(const policy_rule& rule, const policy_question& x) {
  return std::all_of(rule.on.begin(), rule.on.end(), [&](const auto& y) {
    const auto& [key, pattern] = y;
    if (key == "container")
      return matches_glob(pattern, x.container);
    const auto* value = find_value(x.dossier, key);
    return value != nullptr && matches_glob(pattern, *value);
  });
}

bool lists(const std::vector<std::int64_t>& ports, std::int64_t port) {
  return std::find(ports.begin(), ports.end(), port) != ports.end();
}

bool ports_match(const policy_rule& rule, const policy_question& x) {
  auto listed = [&](std::int64_t port) { return lists(rule.ports, port); };
  if (rule.ports.empty())
    return true;
  if (rule.action != policy_action::allow)
    return std::any_of(x.ports.begin(), x.ports.end(), listed);
  return !x.ports.empty() && !x.more_ports
         && std::all_of(x.ports.begin(), x.ports.end(), listed);
}

bool has_range_of(const policy_rule& rule, const policy_question& x) {
  return std::any_of(
      rule.ranges.begin(), rule.ranges.end(), [&](const ip_range& y) {
        return std::any_of(x.addresses.begin(), x.addresses.end(),
                           [&](const ip_address& z) { return y.contains(z); });
      });
}

// A target in the form that rules use.
struct policy_target {
  std::optional<std::string>
      name;            // canonical; nothing: the target is an address
  bool is_bad = false; // neither a name nor an address

  explicit policy_target(const policy_question& x) {
    if (x.domain.empty()) {
      is_bad = x.addresses.size() != 1;
      return;
    }
    name = canonical_name(x.domain);
    is_bad = !name || x.flags.has(flag::bad_name);
  }
};

bool names_match(const policy_rule& rule, const std::string& name) {
  return std::any_of(rule.names.begin(), rule.names.end(),
                     [&](const name_pattern& y) { return y.matches(name); });
}

bool target_matches(const policy_rule& rule, const policy_question& x,
                    const policy_target& target) {
  if (!target.name)
    return has_range_of(rule, x);
  return names_match(rule, *target.name)
         || (rule.action != policy_action::allow && has_range_of(rule, x));
}

bool matches(const policy_rule& rule, const policy_question& x,
             const policy_target& target, clock_time now) {
  return is_in_force(rule, now) && is_for(rule, x) && ports_match(rule, x)
         && target_matches(rule, x, target);
}

// Whether the shield would open names below the names of the rule. `**.name`
// includes the names below its matches already.
bool opens_names_below(const policy_rule& rule, const std::string& name) {
  return std::none_of(
      rule.names.begin(), rule.names.end(), [&](const name_pattern& y) {
        return y.what == name_pattern::form::any_labels && y.matches(name);
      });
}

// Whether the rule names the addresses for each of their flags.
bool means_flagged(const policy_rule& rule, const policy_question& x) {
  for (auto each : {flag::private_address, flag::loopback, flag::link_local,
                    flag::metadata_service}) {
    if (!x.flags.has(each))
      continue;
    if (!x.domain.empty()
        || std::none_of(
            rule.ranges.begin(), rule.ranges.end(), [&](const ip_range& y) {
              return y.contains(x.addresses.front()) && lies_within(y, each);
            }))
      return false;
  }
  return true;
}

// Why a rule that matches and allows must not be executed.
enum class obstacle : std::uint8_t {
  none,
  flagged,
  wide,
  failed,
  ports,
  names_below
};

obstacle obstacle_of(const policy_rule& rule, const policy_question& x,
                     const policy_target& target,
                     const shield_abilities& shield) {
  if (!means_flagged(rule, x))
    return obstacle::flagged;
  if (x.flags.has(flag::wide_target))
    return obstacle::wide;
  if (x.flags.has(flag::automatic_failed))
    return obstacle::failed;
  if (rule.opens_everything)
    return obstacle::none;
  if (!rule.ports.empty() && !shield.ports)
    return obstacle::ports;
  if (target.name && !shield.exact_names
      && opens_names_below(rule, *target.name))
    return obstacle::names_below;
  return obstacle::none;
}

} // namespace

std::string_view to_string(policy_action x) noexcept {
  switch (x) {
  case policy_action::allow:
    return "allow";
  case policy_action::deny:
    return "deny";
  case policy_action::ask:
    return "ask";
  }
  return {};
}

std::optional<policy_action>
parse_policy_action(std::string_view word) noexcept {
  for (auto x : {policy_action::allow, policy_action::deny, policy_action::ask})
    if (word == to_string(x))
      return x;
  return std::nullopt;
}

policy_ruling decide(const policy& rules, const policy_question& x,
                     const policy_circumstances& when) {
  using cause = policy_ruling::cause;
  policy_ruling result;
  const policy_target target{x};
  if (target.is_bad) {
    result.because = cause::bad_target;
    return result;
  }
  // Keeps the strictest action so far, and its rule.
  auto take = [&result](policy_action action, const policy_rule& rule) {
    auto rank = [](policy_action y) {
      return y == policy_action::deny ? 2 : y == policy_action::ask ? 1 : 0;
    };
    if (result.rule != nullptr
        && (rank(action) < rank(result.action)
            || (action == result.action && rule.name > result.rule->name)))
      return;
    result.action = action;
    result.rule = &rule;
  };
  for (const auto& rule : rules.rules) {
    if (!matches(rule, x, target, when.now))
      continue;
    result.matched.push_back(&rule);
    if (rule.action == policy_action::allow
        && obstacle_of(rule, x, target, when.shield) != obstacle::none) {
      result.withheld.push_back(&rule);
      take(policy_action::ask, rule);
    } else {
      take(rule.action, rule);
    }
  }
  if (result.rule != nullptr) {
    result.because = cause::rule;
    // Quiet applies only to a rule that is executed as it is written. A
    // withheld allow is not.
    result.quiet = result.rule->quiet && result.rule->action == result.action;
  } else {
    result.action = rules.fallback;
  }
  if (result.action == policy_action::ask && x.unattended
      && rules.unattended == unattended_blocks::deny) {
    result.action = policy_action::deny;
    result.because = cause::unattended;
  }
  return result;
}

std::string why_withheld(const policy_rule& rule, const policy_question& x,
                         const policy_circumstances& when) {
  switch (obstacle_of(rule, x, policy_target{x}, when.shield)) {
  case obstacle::none:
    return {};
  case obstacle::flagged:
    return "the target is a private, local or metadata address or has one; "
           "such "
           "an address is allowed only by a rule whose `to` has it, or a range "
           "around it, and for a block without a name";
  case obstacle::wide:
    return "the target may be more than one host: a name of one label, as `com`"
           ", or a block of it had a network or no address where its address "
           "belongs";
  case obstacle::failed:
    return "the policy's last allow of this target failed or had no effect";
  case obstacle::ports:
    return "the shield opens every port and the rule lists some; write "
           "`opens = \"everything\"` into the rule to accept that";
  case obstacle::names_below:
    return "the shield opens the names below this name, too, and the rule does "
           "not have them; write `opens = \"everything\"` into the rule to "
           "accept that";
  }
  return {};
}

std::string why_never_allowed(const name_pattern& x) {
  // The flags of a name depend on its last labels, but for one label alone.
  const auto name =
      x.what == name_pattern::form::exact ? x.name : "x." + x.name;
  policy_question asked;
  asked.domain = name;
  asked.flags = find_flags({.domain = name, .addresses = {}});
  const shield_abilities all{
      .seconds = true, .ports = true, .exact_names = true};
  switch (obstacle_of({}, asked, policy_target{asked}, all)) {
  case obstacle::flagged:
    return "it is a name of the machine itself or of a metadata service; what "
           "it stands for is allowed only by a rule whose `to` has the "
           "address, and for a block without a name";
  case obstacle::wide:
    return "a name of one label, as `com`, may be more than one host";
  case obstacle::none:
  case obstacle::failed:
  case obstacle::ports:
  case obstacle::names_below:
    break;
  }
  return {};
}

policy_explanation explain(const policy& rules, const policy_question& x,
                           const policy_circumstances& when) {
  policy_explanation result{decide(rules, x, when), {}, {}};
  std::set<std::string> unknown;
  for (const auto& rule : rules.rules) {
    if (!is_in_force(rule, when.now))
      continue;
    for (const auto& [key, pattern] : rule.on) {
      if (key == "container" && x.container.empty())
        unknown.insert(key);
      else if (key != "container" && find_value(x.dossier, key) == nullptr)
        unknown.insert("dossier." + key);
    }
    if (!rule.ports.empty() && x.ports.empty())
      unknown.insert("ports");
  }
  // The flags depend on the addresses.
  if (!x.domain.empty() && x.addresses.empty())
    unknown.insert("addresses");
  result.unknown.assign(unknown.begin(), unknown.end());
  result.opens = what_an_allow_opens(x.domain, when.shield);
  return result;
}

std::string what_an_allow_opens(std::string_view domain,
                                const shield_abilities& shield) {
  std::string result = "An allow opens ";
  result += shield.ports ? "the ports that were asked for"
                         : "every port and every protocol";
  if (domain.empty()) {
    result += " of this address";
  } else {
    result += " of every address that this name has and will get";
    if (!shield.exact_names)
      result += ", names below it included";
  }
  result += ", until the container ends; a later deny cuts no connection";
  if (!domain.empty())
    result += "; the name is what the container claims";
  return result + ".";
}

} // namespace clearance::protocol
