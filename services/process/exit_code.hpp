/// The exit codes of the programs.
#pragma once

namespace clearance::services {

/// Source: terok-clearance(1), EXIT STATUS.
enum exit_code : int {
  exit_ok = 0,
  exit_failed = 1, ///< refused, unreachable, or broken while running
  exit_usage = 2,  ///< the command line makes no sense
  exit_nothing_started =
      3,                 ///< of terok-supervisor: no service could be started
  exit_cannot_start = 4, ///< of terok-supervisor: could not begin to serve
};

} // namespace clearance::services
