/// The clearance hub: starts its parts, links them, and stops them in order.
#pragma once

#include "actors/base/counter_board.hpp"
#include "actors/base/hosted.hpp"
#include "actors/base/io_host.hpp"
#include "actors/base/log_limiter.hpp"
#include "actors/base/slot_pool.hpp"
#include "actors/hub/messages.hpp"
#include "protocol/base/byte_budget.hpp"
#include "protocol/hub/authorisation.hpp"
#include "protocol/hub/own_container.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace clearance::actors {

struct hub_config {
  io_host* io = nullptr;
  std::string clearance_socket;
  std::string reader_socket;
  /// See listen_spec::inherited.
  int inherited_clearance = -1;
  int inherited_reader = -1;
  /// Not linked: it is started and watched elsewhere, and its crash does not
  /// end the hub.
  executor_actor executor;
  /// See ingester_config.
  std::optional<protocol::own_container> only_container = {};
  /// for the log: whether the process has a sandbox; may be empty
  std::string sandbox;
  protocol::authorisation_limits limits;
  std::size_t readers_max = protocol::limits::connections_max;
  std::size_t clients_max = protocol::limits::connections_max;
  /// Clients that may follow events. The connection of one more is closed.
  std::size_t subscribers_max = protocol::limits::subscribers_max;
  manager_actor manager = {};
  /// Called once the hub serves both sockets, after it logged that. May be
  /// empty.
  std::function<void()> on_serving = nullptr;
  /// for the status: what does not work; may be empty
  std::string caveat = {};
  /// The shared memory of each of the two sockets' connections. `held_whole`
  /// limits it, too.
  std::size_t held_max_bytes = protocol::limits::held_max_bytes;
  protocol::byte_budget_ptr held_whole = nullptr;
  /// See session_config. Null: the hub makes its own.
  log_limiter_ptr denials = nullptr;
  /// The hub's parts show there what they count. May be null.
  counter_board_ptr board = nullptr;
  /// Starts the audit trail's actor, on the I/O thread, linked to the hub.
  /// Empty: there is no audit trail.
  std::function<audit_place(io_host&, caf::actor_addr hub)> spawn_audit =
      nullptr;
  /// Starts the operators' actor, on the I/O thread. Empty: the hub has no
  /// operator interface.
  std::function<operators_actor(operators_place)> spawn_operators = nullptr;
};

/// Ends with errc::bind_failed if it cannot bind a socket; then no socket stays
/// bound. If a part crashes, the hub and all other parts end with the same
/// reason. When the hub ends it removes its sockets and closes all connections.
class hub {
public:
  static inline const char* name = "hub";
  using interface = service_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<hub>;

  hub(self_type* self, hub_config config);
  hub(const hub&) = delete;
  hub& operator=(const hub&) = delete;

  interface::behavior_type make_behavior();

private:
  void on_accepted(const accepted& x);
  void on_report();
  void add_counters(protocol::counter_list& to) const;
  bool listen();
  void tell_manager(bool ready) const;
  void tell_status() const noexcept;

  self_type* self_;
  hub_config config_;
  registry_actor registry_;
  ingester_actor ingester_;
  operators_actor operators_;
  audit_place audit_;
  slot_pool subscribers_;
  protocol::byte_budget_ptr held_by_readers_;
  protocol::byte_budget_ptr held_by_clients_;
  std::unique_ptr<listener> reader_listener_;
  std::unique_ptr<listener> clearance_listener_;
  counter_board::place shown_; // the last member, because it asks us
};

/// Runs on the I/O thread.
service_actor spawn_hub(io_host& io, hub_config config);

} // namespace clearance::actors
