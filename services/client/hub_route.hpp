/// The way to a hub: a socket of this machine, or a channel through ssh.
#pragma once

#include "services/client/descriptor.hpp"

#include <functional>
#include <string>
#include <variant>

namespace clearance::services {

struct hub_route {
  std::string name; ///< of the hub, in the list of prompts
  /// Returns a connection that does not block, or why there is none, printable.
  std::function<std::variant<descriptor, std::string>()> connect;
  /// What may be the reason why the hub closed a connection, printable; empty:
  /// nothing is known.
  std::function<std::string()> suspicion;
};

/// To the socket at `path`. A full queue of connections is a failure: nothing
/// waits.
hub_route route_of_socket(const std::string& path);

} // namespace clearance::services
