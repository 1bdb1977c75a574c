/// One container with all its services, also those of other programs.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/base/log.hpp"
#include "actors/supervisor/container.hpp"
#include "actors/supervisor/messages.hpp"
#include "protocol/base/backoff.hpp"

#include <caf/actor_addr.hpp>
#include <caf/error.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::actors {

/// A service that is a program of its own.
struct delegated_service {
  std::string name; ///< "vault"
  std::vector<std::string> argv;
  /// SIGHUP is passed on to it. Until it takes the signal, the signal waits.
  bool reloads = false;
};

struct parent_config {
  io_host* io = nullptr;
  http_host* http = nullptr;
  container_host* containers = nullptr;
  sidecar_ptr sidecar; ///< its container_id is not empty
  std::shared_ptr<const container_surroundings> around;
  container_share share = container_share::everything;
  /// in the order of their start, after the container's own services
  std::vector<delegated_service> delegates = {};
  /// For a sidecar without init_pid: a program that runs as long as the
  /// container does, and a program that ends with 1 if there is no such
  /// container.
  std::vector<std::string> waits = {};
  std::vector<std::string> exists = {};
};

/// Ends normally when it was told to stop, or when the container has ended. Its
/// services have ended then. Ends with errc::nothing_started if no service
/// could be started. See parent.cpp.
class parent {
public:
  static inline const char* name = "parent";
  using interface = parent_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<parent>;

  parent(self_type* self, parent_config config);
  parent(const parent&) = delete;
  parent& operator=(const parent&) = delete;
  ~parent();

  interface::behavior_type make_behavior();

private:
  struct delegate {
    delegated_service what;
    protocol::backoff delays;
    std::unique_ptr<service_child> running; ///< null: it does not run now
    service_child_id id = 0;                ///< of this run, or of the last one
    /// Ends are counted and not logged until then.
    protocol::time_point silent_until{};
    std::size_t not_logged = 0;
  };

  void on_state(const container_state& x);
  void on_child_ended(const service_child_ended& x);
  void on_restart(std::size_t index);
  void on_restart_container();
  void on_tick();
  void on_down(const caf::actor_addr& who, const caf::error& why);
  void on_stop();
  void on_reload();
  void on_late();
  void on_report() const;

  void start_container();
  void start_delegate(std::size_t index);
  void delegate_failed(std::size_t index, std::string_view why);
  void watch();
  void on_watch_ended(const service_child_ended& x);
  void check_started();
  void end_if_done();
  void tell(severity level, std::string_view text,
            std::string_view service = {}, std::string_view why = {},
            std::string_view again_in = {},
            std::string_view not_logged = {}) const;

  self_type* self_;
  parent_config config_;
  container_actor container_; ///< null: it crashed, or it has ended
  protocol::backoff container_delays_;
  std::vector<delegate> delegates_;
  service_child_id last_id_ = 0;
  /// The program that runs as long as the container does, or the one that asks
  /// whether the container exists.
  std::unique_ptr<service_child> watch_;
  service_child_id watch_id_ = 0;
  bool asks_ = false; ///< watch_ runs config_.exists
  protocol::backoff watch_delays_;
  container_state state_;
  bool stopping_ = false;
};

/// Runs on the I/O thread.
parent_actor spawn_parent(io_host& io, parent_config config);

} // namespace clearance::actors
