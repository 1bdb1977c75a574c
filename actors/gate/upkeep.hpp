/// What a gate does for its repositories while nobody asks for anything:
/// expired backups are removed, and refs are packed.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/gate/config.hpp"
#include "actors/gate/messages.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace clearance::actors {

struct upkeep_config {
  io_host* io = nullptr;
  upkeep_plan plan;
  grants_ptr grants;
};

/// Runs the program of its plan, one run at a time. A run is due at the start
/// if the plan says so, when a push has ended, and upkeep_interval after the
/// last one. A run that is due begins when no request has had a slot for
/// upkeep_idle_time. Requests do not wait for a run. Linked to its gate.
class upkeep {
public:
  static inline const char* name = "upkeep";
  using interface = upkeep_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<upkeep>;

  upkeep(self_type* self, upkeep_config config);
  upkeep(const upkeep&) = delete;
  upkeep& operator=(const upkeep&) = delete;

  interface::behavior_type make_behavior();

private:
  using time_point = std::chrono::steady_clock::time_point;

  void on_idle(bool idle);
  void on_tick();
  void on_ended(const process_ended& x);
  void on_stop();
  void start();
  void watch_clock();

  self_type* self_;
  upkeep_config config_;
  process_ptr run_; ///< null: none runs
  process_id last_id_ = 0;
  time_point due_at_{};
  std::optional<time_point> idle_since_; ///< nothing: requests have slots
  time_point tick_at_ = time_point::max();
  bool stopping_ = false;
};

/// Runs on the I/O thread.
upkeep_actor spawn_upkeep(io_host& io, upkeep_config config);

} // namespace clearance::actors
