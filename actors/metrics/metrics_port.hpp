/// Serves the metrics of a program over HTTP.
#pragma once

#include "actors/base/counter_board.hpp"
#include "actors/base/hosted.hpp"
#include "actors/gate/http_port.hpp"

#include <caf/actor_clock.hpp>

#include <memory>
#include <string>

namespace clearance::actors {

struct metrics_config {
  metrics_config();

  io_host* io = nullptr;
  http_host* http = nullptr;
  http_listen_spec listen; ///< role, server and connections_max are set
  counter_board_ptr board;
};

using metrics_actor = request_owner;

/// The last answer, for all requests.
struct metrics_text {
  std::string text;
  caf::actor_clock::time_point made_at{};

  /// Whether it may be given to a request of this moment.
  bool is_recent(caf::actor_clock::time_point now) const noexcept;
};

using metrics_text_ptr = std::shared_ptr<metrics_text>;

/// Answers `GET /metrics` with the board's counters, and everything else with
/// 404 or 405. Ends with errc::bind_failed if it cannot listen.
class metrics_port {
public:
  static inline const char* name = "metrics";
  using interface = metrics_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<metrics_port>;

  metrics_port(self_type* self, metrics_config config);
  metrics_port(const metrics_port&) = delete;
  metrics_port& operator=(const metrics_port&) = delete;

  interface::behavior_type make_behavior();

private:
  void on_requested(const requested& x);

  self_type* self_;
  metrics_config config_;
  metrics_text_ptr text_ = std::make_shared<metrics_text>();
  std::unique_ptr<http_listener> listener_;
};

/// Runs on the I/O thread.
metrics_actor spawn_metrics(io_host& io, metrics_config config);

} // namespace clearance::actors
