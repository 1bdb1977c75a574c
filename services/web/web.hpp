/// The program terok-clearance-web.
#pragma once

#include "services/cli/config_file.hpp"
#include "services/cli/outcome.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::services {

struct web_config {
  /// Empty: all hubs below the runtime directory.
  std::vector<std::string> clearance_sockets;
  std::string runtime_directory;
  std::string address;    ///< of 127.0.0.0/8; empty: a random one
  std::uint16_t port = 0; ///< 0: one that is free
  bool opens = true;      ///< starts the browser
};

using web_command = std::variant<outcome, web_config>;

/// Judges the words behind the program's name.
web_command parse_web_command_line(const std::vector<std::string>& words,
                                   const std::string& runtime);

/// How a configuration file of the program is judged.
config_judge web_command_judge(const std::string& runtime);

std::string_view web_help() noexcept;

/// Serves the page until a signal comes. Returns the exit code.
int web(const web_config& config);

} // namespace clearance::services
