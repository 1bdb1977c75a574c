/// Runs a service as a process: its actor system, its loop, its signals.
#pragma once

#include "actors/base/messages.hpp"
#include "actors/io/loop/loop.hpp"
#include "services/process/log_level.hpp"

#include <functional>
#include <string>

namespace clearance::services {

/// What signals do to a running service. The functions are called on the main
/// thread.
struct running_service {
  std::function<void()> report; ///< SIGUSR1: write the counters to the log
  /// The first SIGINT or SIGTERM. Empty: every actor ends at once. Otherwise
  /// the service must end soon; then the program ends.
  std::function<void()> stop;
  /// SIGHUP; empty: it ends the program. True: the service will report that it
  /// is ready again when its new settings are in use.
  std::function<bool()> reload;
};

struct program_config {
  std::string name; ///< of the program, for its line on stderr
  log_level level = log_level::info;
  bool reloads = false; ///< running_service::reload will be there
  int cannot_start = 1; ///< exit code when a socket could not be bound
  /// exit code when errc::nothing_started ends the program
  int nothing_started = 1;
  /// Whether the state is reported to the service manager, if there is one.
  /// False in a process that is a part of another program's service.
  bool notifies = true;
  /// Called once, when the log works and before there is a second thread. May
  /// throw.
  std::function<void()> enter_sandbox;
};

/// Starts the program's actors; called once on the loop's thread. It calls
/// loop::depend_on() for each actor whose end must end the program. The service
/// tells the manager, which may be null, when it is ready.
using program_factory =
    std::function<running_service(io::loop&, const actors::manager_actor&)>;

/// Runs until SIGINT or SIGTERM (a second one ends the process at once) or
/// until a part ends that the loop depends on.
/// Returns the exit code, after one line on stderr if it is not 0.
int run_program(const program_config& config, const program_factory& start);

/// Starts the service's actors; called once on the loop's thread.
using service_factory = std::function<actors::service_actor(
    io::loop&, const actors::manager_actor&)>;

/// run_program() for a service of terok-clearance. `reload`: see
/// running_service; empty: SIGHUP ends the program.
int run_service(const service_factory& start, log_level level,
                std::function<void()> enter_sandbox,
                std::function<bool()> reload = nullptr);

} // namespace clearance::services
