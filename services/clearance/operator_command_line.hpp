/// The options of the subcommands for operators: list, decide, history,
/// explain, tui, notify and relay.
#pragma once

#include "services/client/notify_client.hpp"
#include "services/client/operator_client.hpp"
#include "services/client/relay.hpp"
#include "services/client/terminal_client.hpp"
#include "services/notify/notify.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace clearance::services {

/// Everything that their words can set.
struct operator_words {
  list_config list;
  decide_config decide;
  std::vector<std::string> decide_operands;
  history_config history;
  explain_config explain;
  terminal_config terminal;
  relay_config relay;
  bool relays_stdio = false;
  notify_words notify;

  /// Sockets that are not named lie below `runtime`.
  void set_runtime(const std::string& runtime);
};

// Each adds the options of one subcommand to `sub`. They set `to`, which lives
// as long as `sub`.
void add_list_options(CLI::App& sub, operator_words& to);
void add_decide_options(CLI::App& sub, operator_words& to);
void add_history_options(CLI::App& sub, operator_words& to);
void add_explain_options(CLI::App& sub, operator_words& to);
void add_relay_options(CLI::App& sub, operator_words& to);

// Each checks what one option means for another, and throws usage_fault.
list_config taken_list(const CLI::App& sub, const operator_words& x);
decide_config taken_decide(const CLI::App& sub, const operator_words& x);
explain_config taken_explain(const operator_words& x);
notify_client_config taken_notify(const operator_words& x);

} // namespace clearance::services
