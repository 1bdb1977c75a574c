/// `terok-clearance relay --stdio`: the hubs of this user for a client on
/// another machine.
#pragma once

#include <string>
#include <vector>

namespace clearance::services {

struct relay_config {
  /// Empty: every hub below the runtime directory.
  std::vector<std::string> clearance_sockets;
  std::string runtime_directory;
};

/// Runs until the end of stdin, SIGINT or SIGTERM. Opens no socket but those of
/// hubs that it has announced. Returns the exit code.
int relay(const relay_config& config);

} // namespace clearance::services
