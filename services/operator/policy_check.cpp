#include "services/cli/terminal.hpp"
#include "services/operator/hub_policy.hpp"
#include "services/operator/policy_setting.hpp"
#include "services/operator/public_suffix.hpp"
#include "services/process/exit_code.hpp"

#include <algorithm>
#include <string>
#include <variant>

namespace clearance::services {

namespace {

bool can_be_allowed(const protocol::name_pattern& x) {
  return why_never_allowed(x).empty();
}

// Which words of the shield's capabilities the rule needs to be an allow.
std::string needs_of(const protocol::policy_rule& x) {
  if (x.action != protocol::policy_action::allow || x.opens_everything)
    return {};
  if (x.ranges.empty()
      && std::none_of(x.names.begin(), x.names.end(), can_be_allowed))
    return {};
  std::string result;
  if (!x.ports.empty())
    result = "ports";
  using form = protocol::name_pattern::form;
  if (std::any_of(x.names.begin(), x.names.end(), [](const auto& y) {
        return y.what != form::any_labels && can_be_allowed(y);
      }))
    result += result.empty() ? "exact-names" : ", exact-names";
  return result.empty() ? result
                        : "; an ask where the shield has not: " + result
                              + " (opens = \"everything\" makes it an allow)";
}

} // namespace

int check_policy(const policy_check_config& config) {
  const auto loaded =
      load_policy(policy_directories(config.where), public_suffixes());
  if (const auto* fault = std::get_if<protocol::policy_fault>(&loaded)) {
    complain(to_string(*fault));
    return exit_usage;
  }
  const auto& part = std::get<protocol::policy_part>(loaded);
  // In a hub these are warnings.
  for (const auto& warning : part.warnings)
    complain(to_string(warning));
  if (!part.warnings.empty())
    return exit_usage;
  std::string text;
  if (!has_public_suffixes())
    text += "wildcards over public suffixes were not looked for: this machine "
            "has no list of them\n";
  for (const auto& rule : part.rules.rules)
    text += std::string{to_string(rule.action)} + " " + shown(rule.name) + " ("
            + shown(rule.file) + ":" + std::to_string(rule.line) + ")"
            + needs_of(rule) + "\n";
  for (const auto& note : part.never_allowed)
    text += "note: " + to_string(note) + "\n";
  const auto count = part.rules.rules.size();
  text += std::to_string(count) + (count == 1 ? " rule" : " rules")
          + "; what no rule matches: "
          + std::string{to_string(part.rules.fallback)} + "\n";
  auto why = print(text);
  if (why.empty())
    return exit_ok;
  complain(why);
  return exit_failed;
}

} // namespace clearance::services
