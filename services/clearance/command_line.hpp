/// The command line of `terok-clearance`: words in, one configuration out.
#pragma once

#include "services/clearance/serve.hpp"
#include "services/clearance/serve_verdict.hpp"
#include "services/cli/config_file.hpp"
#include "services/cli/outcome.hpp"
#include "services/client/emit.hpp"
#include "services/client/notify_client.hpp"
#include "services/client/operator_client.hpp"
#include "services/client/relay.hpp"
#include "services/client/terminal_client.hpp"
#include "services/client/verdict.hpp"
#include "services/client/watch.hpp"
#include "services/client/web_client.hpp"
#include "services/operator/audit_command.hpp"
#include "services/operator/policy_commands.hpp"

#include <string>
#include <variant>
#include <vector>

namespace clearance::services {

using command =
    std::variant<outcome, serve_config, serve_verdict_config, watch_config,
                 verdict_config, emit_config, list_config, decide_config,
                 history_config, explain_config, policy_check_config,
                 policy_explain_config, policy_test_config,
                 policy_propose_config, audit_config, terminal_config,
                 web_client_config, relay_config, notify_client_config>;

/// Judges the words behind the program's name. Paths that are not given lie
/// below `runtime`. Reads neither files nor the environment.
command parse_command_line(const std::vector<std::string>& words,
                           const std::string& runtime);

/// How a configuration file of `terok-clearance` is judged.
config_judge command_judge(const std::string& runtime);

} // namespace clearance::services
