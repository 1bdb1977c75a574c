/// The time limits of HTTP connections, so that tests can make them short.
#pragma once

#include "protocol/gate/limits.hpp"

#include <chrono>

namespace clearance::io {

/// protocol/gate/limits.hpp explains each of them.
struct http_times {
  using milliseconds = std::chrono::milliseconds;

  milliseconds head = protocol::gate_limits::head_time_limit;
  milliseconds body = protocol::gate_limits::body_time_limit;
  milliseconds idle = protocol::gate_limits::idle_time_limit;
  milliseconds write = protocol::gate_limits::write_time_limit;
  milliseconds backend = protocol::gate_limits::backend_time_limit;
  milliseconds backend_exit = protocol::gate_limits::backend_exit_grace;
  milliseconds push_alone = protocol::gate_limits::push_alone_time;
  milliseconds linger = protocol::gate_limits::linger_time;
  milliseconds vigil = protocol::gate_limits::vigil_interval;
  milliseconds drain = protocol::gate_limits::drain_time_limit;
  milliseconds body_rate = protocol::gate_limits::body_rate_window;
};

} // namespace clearance::io
