/// The configuration of a container's services.
#pragma once

#include "actors/base/log_limiter.hpp"
#include "actors/executor/shield_executor.hpp"
#include "actors/gate/gate.hpp"
#include "actors/hub/hub.hpp"
#include "actors/operator/prompts.hpp"
#include "protocol/base/byte_budget.hpp"
#include "protocol/supervisor/container_paths.hpp"
#include "protocol/supervisor/limits.hpp"
#include "protocol/supervisor/sidecar.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace clearance::actors {

/// How much one container may use in a process that serves many.
struct container_quotas {
  std::size_t open_requests = protocol::supervisor_limits::open_requests_max;
  std::size_t open_request_bytes =
      protocol::supervisor_limits::open_requests_max_bytes;
  std::size_t readers = protocol::supervisor_limits::readers_max;
  std::size_t clients = protocol::supervisor_limits::clients_max;
  std::size_t subscribers = protocol::supervisor_limits::subscribers_max;
  std::size_t held_bytes = protocol::supervisor_limits::held_max_bytes;
  std::size_t gate_connections =
      protocol::supervisor_limits::gate_connections_max;
  std::size_t git_children = protocol::supervisor_limits::git_children_max;
  bool keeps_prompts = true;
};

/// What all containers of a process share.
struct container_surroundings {
  shield_names shield = {};
  std::string selinux_type; ///< of sockets that are mounted; empty: no label
  std::string git_http_backend;    ///< empty: git is not installed
  std::string terok_gate;          ///< for upkeep; empty: there is none
  std::optional<std::string> path; ///< PATH of this process
  std::optional<std::string> git_exec_path;
  container_quotas quotas;
  /// Gives the hub of a container its audit trail. Empty: there is none.
  std::function<void(hub_config&, const std::string& container_id)> audit =
      nullptr;
  /// Gives the hub of a container operators with a policy. Empty: they have
  /// none.
  std::function<void(hub_config&, prompts_config)> policy = nullptr;
  /// The memory limit for the connections of all of them; see
  /// limits::held_max_bytes.
  protocol::byte_budget_ptr held = std::make_shared<protocol::byte_budget>(
      protocol::supervisor_limits::held_total_max_bytes);
  /// Where all of them show what they count. Null: nobody asks.
  counter_board_ptr board = nullptr;
  /// Limits the log lines about denied verdicts of all of them.
  log_limiter_ptr denials = limiter_of_all();
};

/// What the operators of the hub of `x` are started with.
prompts_config prompts_of(const protocol::sidecar& x,
                          const container_quotas& quotas);

/// The caller sets the I/O host and the executor. The hub serves only the
/// container `x`, see protocol::own_container.
hub_config hub_of(const protocol::sidecar& x,
                  const protocol::container_paths& paths,
                  const container_quotas& quotas,
                  const protocol::byte_budget_ptr& held = nullptr);

/// The caller sets the I/O hosts. `x` must have a gate.
gate_config gate_of(const protocol::sidecar& x,
                    const protocol::container_paths& paths,
                    const container_surroundings& around);

} // namespace clearance::actors
