/// `terok-clearance tui`, and `terok-clearance` without a subcommand.
#pragma once

#include "services/cli/terminal.hpp"

#include <string>
#include <vector>

namespace clearance::services {

struct terminal_config {
  /// Empty: all hubs below the runtime directory.
  std::vector<std::string> clearance_sockets;
  std::string runtime_directory;
  std::vector<std::string> hosts; ///< other machines
  bool is_plain = false;
  bool json = false; ///< of plain text
  color_when color = color_when::automatic;
  bool mouse = false;
};

/// Runs plain text here, or executes terok-clearance-tui. Returns the exit
/// code.
int terminal_client(const terminal_config& config);

} // namespace clearance::services
