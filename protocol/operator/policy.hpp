/// The policy: rules that decide prompts, and the one function that applies
/// them. Source: operator.md, sections 4 and 8.
#pragma once

#include "protocol/hub/event.hpp"
#include "protocol/hub/shield_abilities.hpp"
#include "protocol/operator/address.hpp"
#include "protocol/operator/flags.hpp"
#include "protocol/operator/name.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::protocol {

enum class policy_action : std::uint8_t { allow, deny, ask };

/// The word in policy files and on the wire; a literal.
std::string_view to_string(policy_action x) noexcept;

/// Accepts exactly these three words.
std::optional<policy_action>
parse_policy_action(std::string_view word) noexcept;

/// One entry of the policy. A rule is in force until 00:00 UTC after the day
/// `expires`.
struct policy_rule {
  std::string name; ///< unique in the policy
  std::string why;
  std::string file;
  std::size_t line = 0;
  /// Keys of the dossier, or `container`, and patterns for their values
  /// (`matches_glob`). All of them must match.
  std::vector<std::pair<std::string, std::string>> on;
  /// The targets. The two lists together have at least one.
  std::vector<name_pattern> names;
  std::vector<ip_range> ranges;
  std::vector<std::int64_t> ports; ///< empty: all
  policy_action action = policy_action::ask;
  std::optional<std::chrono::sys_days> expires;
  bool quiet = false;
  /// The author of the rule confirms that an allow may open more than the rule
  /// names.
  bool opens_everything = false;

  friend bool operator==(const policy_rule&, const policy_rule&) = default;
};

/// What happens to blocks that arrive while no operator attends.
enum class unattended_blocks : std::uint8_t { queue, deny };

struct policy {
  std::vector<policy_rule> rules;
  policy_action fallback = policy_action::ask; ///< ask or deny
  unattended_blocks unattended = unattended_blocks::queue;

  friend bool operator==(const policy&, const policy&) = default;
};

/// The facts on which a decision depends. Views are valid during the call only.
struct policy_question {
  std::string_view container;
  std::span<const std::pair<std::string, std::string>> dossier;
  /// The block's domain. Empty: the target is the only one of `addresses`.
  std::string_view domain;
  std::span<const ip_address> addresses;
  std::span<const std::int64_t> ports;
  /// There were more ports than `ports` lists.
  bool more_ports = false;
  flag_set flags;
  /// The block arrived while no operator attended.
  bool unattended = false;
};

struct policy_circumstances {
  shield_abilities shield;
  std::chrono::sys_seconds now;
};

/// What the policy says about one prompt. Pointers are valid as long as the
/// policy lives.
struct policy_ruling {
  enum class cause : std::uint8_t {
    rule,       ///< `rule` decides
    fallback,   ///< no rule matches: the policy's default
    unattended, ///< the answer is ask, but no operator attends
    bad_target, ///< the target is neither a name nor an address
  };

  policy_action action = policy_action::ask;
  cause because = cause::fallback;
  /// Of the matching rules with that action, the one whose name sorts first.
  const policy_rule* rule = nullptr;
  /// Every rule that matches.
  std::vector<const policy_rule*> matched;
  /// The rules of `matched` that allow, but count as an ask: the shield would
  /// open more than the rule says, or the target has a flag.
  std::vector<const policy_rule*> withheld;
  /// Operators' attention is not asked for.
  bool quiet = false;
};

/// Applies the policy. It returns a result for every question, has no other
/// effect, and does not depend on the order of the rules. Deny is stricter than
/// ask, and ask is stricter than allow.
policy_ruling decide(const policy& rules, const policy_question& x,
                     const policy_circumstances& when);

/// Says in words why a rule of policy_ruling::withheld counts as an ask for
/// this question. Empty: it does not.
std::string why_withheld(const policy_rule& rule, const policy_question& x,
                         const policy_circumstances& when);

/// Says in words why an allow of `x` is always an ask, whatever the rule and
/// the shield are: every target that `x` matches has a flag that no rule for a
/// name allows. Empty: it may be an allow.
std::string why_never_allowed(const name_pattern& x);

/// The result of decide() for a person who asks in advance and may not know all
/// facts.
struct policy_explanation {
  policy_ruling ruling;
  /// Facts that rules in force use and `x` does not have: `dossier.KEY`,
  /// `ports`, `addresses`, `container`. Sorted, each once.
  std::vector<std::string> unknown;
  std::string opens; ///< see what_an_allow_opens()
};

policy_explanation explain(const policy& rules, const policy_question& x,
                           const policy_circumstances& when);

/// Describes in one sentence what an allow of this target opens. Source:
/// operator.md, section 3.
std::string what_an_allow_opens(std::string_view domain,
                                const shield_abilities& shield);

} // namespace clearance::protocol
