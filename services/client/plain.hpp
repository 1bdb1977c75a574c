/// `terok-clearance --plain`: prompts as numbered lines, commands on stdin.
#pragma once

#include <string>
#include <vector>

namespace clearance::services {

struct plain_config {
  /// Empty: all hubs below the runtime directory.
  std::vector<std::string> clearance_sockets;
  std::string runtime_directory;
  std::vector<std::string> hosts; ///< other machines
  bool json = false;
};

/// Runs until `q`, the end of stdin, SIGINT or SIGTERM. Returns the exit code.
int plain(const plain_config& config);

} // namespace clearance::services
