/// Sends a service's state to the service manager.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/base/messages.hpp"
#include "actors/base/service_manager.hpp"
#include "protocol/base/time.hpp"

#include <optional>
#include <string>

namespace clearance::actors {

struct manager_link_config {
  service_manager* manager = nullptr; ///< must outlive the actor
  /// How often to send that the I/O thread works; nothing: never.
  std::optional<protocol::duration> alive_every;
};

/// Sends the latest status within limits::status_interval, and at most once in
/// that time. That a service is ready is sent at once. A timer runs only while
/// something waits to be sent, so that an idle process sleeps.
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
  bool ready_ = false;   ///< `ready` is to be sent
  bool unsaid_ = false;  ///< status_ or ready_ is not sent yet
  bool waiting_ = false; ///< a tick is on its way
  std::optional<protocol::time_point> told_at_;
};

/// Runs on the I/O thread.
manager_link_actor spawn_manager_link(io_host& io, manager_link_config config);

} // namespace clearance::actors
