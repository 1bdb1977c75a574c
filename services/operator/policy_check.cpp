#include "services/cli/terminal.hpp"
#include "services/operator/hub_policy.hpp"
#include "services/operator/policy_setting.hpp"
#include "services/process/exit_code.hpp"

#include <string>
#include <variant>

namespace clearance::services {

int check_policy(const policy_check_config& config) {
  const auto loaded = load_policy(policy_directories(config.where));
  if (const auto* fault = std::get_if<protocol::policy_fault>(&loaded)) {
    complain(to_string(*fault));
    return exit_usage;
  }
  const auto& part = std::get<protocol::policy_part>(loaded);
  std::string text;
  for (const auto& warning : part.warnings)
    text += "warning: " + to_string(warning) + "\n";
  for (const auto& rule : part.rules.rules)
    text += std::string{to_string(rule.action)} + " " + shown(rule.name) + " ("
            + shown(rule.file) + ":" + std::to_string(rule.line) + ")\n";
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
