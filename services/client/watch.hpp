/// `terok-clearance watch`: shows what hubs announce.
#pragma once

#include "services/cli/terminal.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace clearance::services {

struct watch_config {
  std::vector<std::string> clearance_sockets; ///< may be empty with the next
  std::vector<std::string> hosts = {};        ///< all hubs of these machines
  std::string default_socket;                 ///< a command need not name it
  std::string runtime_directory;              ///< where `all` looks
  bool all = false;
  bool json = false;
  color_when color = color_when::automatic;
  std::uint64_t count = 0; ///< end after so many events; 0: never
};

/// Follows the hubs until SIGINT, SIGTERM, `count` events, or until nobody
/// reads stdout any more. Returns the exit code.
int watch(const watch_config& config);

} // namespace clearance::services
