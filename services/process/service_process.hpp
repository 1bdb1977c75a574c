/// A program that is one service: its actor system, its loop, its signals.
#pragma once

#include "actors/base/messages.hpp"
#include "actors/io/loop/loop.hpp"
#include "services/process/log_level.hpp"

#include <functional>
#include <string>

namespace clearance::services {

/// A running service as signals see it. The functions are called on the main
/// thread.
struct running_service {
  std::function<void()> report; ///< SIGUSR1: counters to the log
  /// The first SIGINT or SIGTERM. Empty: every actor ends at once. Else the
  /// service ends by itself, soon, and its end is the program's.
  std::function<void()> stop;
  /// SIGHUP; empty: it ends the program. True: the service will say that it is
  /// ready again, once what it read holds.
  std::function<bool()> reload;
};

struct program_config {
  std::string name; ///< for the line on stderr
  log_level level = log_level::info;
  bool reloads = false; ///< running_service::reload will be there
  int cannot_start = 1; ///< exit code when a socket could not be bound
  /// exit code when errc::nothing_started ends the program
  int nothing_started = 1;
  /// Whether the service manager, if there is one, is told how we are: false in
  /// a part of somebody else's service.
  bool notifies = true;
  /// Called once, with the log at work and before there is a second thread.
  /// May throw.
  std::function<void()> enter_sandbox;
};

/// Starts the program's actors; called once on the loop's thread. What they
/// need beside each other is made dependable by loop::depend_on(). The service
/// tells the manager, who may be null, once it is ready.
using program_factory =
    std::function<running_service(io::loop&, const actors::manager_actor&)>;

/// Runs until SIGINT or SIGTERM (a second one ends the process at once) or
/// until a part ends that the loop depends on.
/// Returns the exit code, after one line on stderr if it is not 0.
int run_program(const program_config& config, const program_factory& start);

/// Starts the service's actors; called once on the loop's thread.
using service_factory = std::function<actors::service_actor(
    io::loop&, const actors::manager_actor&)>;

/// run_program() for a service of terok-clearance.
int run_service(const service_factory& start, log_level level,
                std::function<void()> enter_sandbox);

} // namespace clearance::services
