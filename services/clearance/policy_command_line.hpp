/// The options of `terok-clearance policy`, and those of `serve` about it.
#pragma once

#include "services/operator/policy_commands.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <variant>
#include <vector>

namespace clearance::services {

using policy_command = std::variant<policy_check_config, policy_explain_config,
                                    policy_test_config, policy_propose_config>;

/// What the words behind `policy` say.
struct policy_words {
  std::string action;
  std::vector<std::string> paths;
  policy_explain_config asked;
  std::int64_t since = 0;
};

/// Adds the options of `serve` about prompts and their policy. They set the
/// other two, which live as long as `sub`.
void add_prompt_options(CLI::App& sub, bool& is_without_prompts,
                        policy_setting& policy);

/// Adds the options to `sub`. They set `words`, which lives as long as `sub`.
void add_policy_options(CLI::App& sub, policy_words& words);

/// Checks what one option means for another. Throws usage_fault.
policy_command finish_policy(const CLI::App& sub, const policy_words& words);

} // namespace clearance::services
