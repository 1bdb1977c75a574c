/// The configuration of a gate. It is made from a command line, from a sidecar,
/// or by an application that embeds the library.
#pragma once

#include "actors/base/counter_board.hpp"
#include "actors/gate/messages.hpp"
#include "protocol/gate/cgi.hpp"
#include "protocol/gate/limits.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace clearance::actors {

/// What all backends have in common.
struct backend_config {
  std::string program; ///< git-http-backend's path; empty: there is no git
  protocol::cgi_config cgi;
};

/// What the gate runs while it is idle.
struct upkeep_plan {
  std::string program; ///< terok-gate; empty: nothing is run
  std::string mirror_root;
  std::string backup_days; ///< how old a backup gets; empty: the default
  bool at_start = false;   ///< the first run is due at the start
};

struct gate_config {
  gate_config() {
    listen.role = "gate socket";
    listen.server = "terok-gate/" CLEARANCE_VERSION;
  }

  io_host* io = nullptr;
  http_host* http = nullptr;
  http_listen_spec listen; ///< role and server are set
  grants_ptr grants;
  backend_config backend;
  upkeep_plan upkeep;
  std::string sandbox; ///< for the log: whether the process is; maybe empty
  std::size_t backends_max = protocol::gate_limits::backends_max;
  manager_actor manager = {};
  /// The gate shows there what it counts. May be null.
  counter_board_ptr board = nullptr;
};

/// One token that may read and write one repository.
inline grants_ptr one_grant(const protocol::sha256_digest& token,
                            const std::string& scope) {
  return std::make_shared<const std::vector<protocol::grant>>(
      1, protocol::grant{token, scope, true});
}

} // namespace clearance::actors
