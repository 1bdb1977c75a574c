/// A hub for a `run` that finds none.
#pragma once

#include "actors/io/base/unique_fd.hpp"
#include "services/guard/helper_program.hpp"

#include <string>

namespace clearance::services {

/// The hub at the default socket: one that runs, or terok-clearance with the
/// default sockets and this program as its shield.
class run_hub {
public:
  /// `reader_socket`: where lines go to. `directory`: a private one, for the
  /// log of a hub that is started.
  run_hub(std::string reader_socket, std::string directory);

  /// Starts a hub if none runs, and returns when it serves. Says what was done,
  /// or why there is no hub.
  void ensure();

  /// Readable once the hub has ended that this run or another one has started.
  /// -1: there is none, or somebody else looks after it.
  int pidfd() const noexcept;

  /// Call it when pidfd() is readable. The hub of another run ends with that
  /// run: this one then starts its own.
  void replace();

private:
  std::string reader_socket_;
  std::string directory_;
  helper_program own_;
  io::unique_fd other_; // the pidfd of another run's hub
};

} // namespace clearance::services
