/// `terok-clearance web`.
#pragma once

#include <string>
#include <vector>

namespace clearance::services {

struct web_client_config {
  /// Empty: all hubs below the runtime directory.
  std::vector<std::string> clearance_sockets;
  std::string listen; ///< ADDRESS[:PORT]; empty: a random one
  bool opens = true;
};

/// Executes terok-clearance-web. Returns the exit code if it cannot.
int web_client(const web_client_config& config);

} // namespace clearance::services
