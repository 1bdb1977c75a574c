/// The program terok-clearance-tui.
#pragma once

#include "services/cli/config_file.hpp"
#include "services/cli/outcome.hpp"
#include "services/cli/terminal.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::services {

struct tui_config {
  /// Empty: all hubs below the runtime directory.
  std::vector<std::string> clearance_sockets;
  std::string runtime_directory;
  std::vector<std::string> hosts; ///< other machines
  color_when color = color_when::automatic;
  bool mouse = false;
};

using tui_command = std::variant<outcome, tui_config>;

/// Judges the words behind the program's name.
tui_command parse_tui_command_line(const std::vector<std::string>& words,
                                   const std::string& runtime);

/// How a configuration file of the program is judged.
config_judge tui_command_judge(const std::string& runtime);

std::string_view tui_help() noexcept;

/// Runs until the person leaves, the terminal is gone, or a signal comes.
/// Returns the exit code.
int tui(const tui_config& config);

} // namespace clearance::services
