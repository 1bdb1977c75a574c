/// Tells the service manager what a service says of itself.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/base/messages.hpp"
#include "actors/base/service_manager.hpp"
#include "protocol/base/time.hpp"

#include <optional>
#include <string>

namespace clearance::actors {

struct manager_link_config {
  service_manager* manager = nullptr; ///< outlives it
  /// How often to say that this thread goes on; none: never.
  std::optional<protocol::duration> alive_every;
};

/// What was said last is told within limits::status_interval, and not more than
/// once in it; that a service is ready at once. It has no timer running unless
/// it must: an idle process sleeps.
class manager_link {
public:
  static inline const char* name = "manager_link";
  using interface = manager_link_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<manager_link>;

  manager_link(self_type* self, manager_link_config config);
  manager_link(const manager_link&) = delete;
  manager_link& operator=(const manager_link&) = delete;

  interface::behavior_type make_behavior();

private:
  void on_state(service_state& x);
  void on_tick();
  void on_alive();

  void tell();
  void tell_later();

  self_type* self_;
  manager_link_config config_;
  std::string status_;
  bool ready_ = false;   ///< to be told
  bool unsaid_ = false;  ///< status_ or ready_
  bool waiting_ = false; ///< for a tick
  std::optional<protocol::time_point> told_at_;
};

/// On the I/O thread.
manager_link_actor spawn_manager_link(io_host& io, manager_link_config config);

} // namespace clearance::actors
