/// A program that is one service: its actor system, its loop, its signals.
#pragma once

#include "actors/interfaces.hpp"
#include "actors/io/loop.hpp"
#include "services/log_level.hpp"

#include <functional>

namespace clearance::services {

/// Starts the service's actors; called once on the loop's thread. What they
/// need beside the service itself is made dependable by loop::depend_on().
using service_factory = std::function<actors::service_actor(io::loop&)>;

/// Runs until SIGINT or SIGTERM (a second one ends the process at once) or
/// until a part of the service ends. SIGUSR1: counters to the log.
/// Returns the exit code, after one line on stderr if it is not 0.
int run_service(const service_factory& start, log_level level);

} // namespace clearance::services
