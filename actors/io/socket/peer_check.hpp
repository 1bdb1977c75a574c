/// Which peers may connect to a unix socket: those of our own uid, and of these
/// maybe only those that are in no container.
#pragma once

#include "actors/base/connection.hpp"
#include "actors/base/log_limiter.hpp"
#include "actors/io/base/unique_fd.hpp"

#include <cstdint>
#include <string>

namespace clearance::io {

/// Where a peer may run.
enum class peer_place : std::uint8_t {
  anywhere,
  /// Not in a process namespace below ours. A command of `terok-guard run` is
  /// in one, with its user's uid: it must not answer its own prompts, however
  /// it got at the socket.
  outside_containers,
};

/// Counts and logs the peers that it turns away. The number of log lines is
/// limited.
class peer_check {
public:
  /// `role` names the socket in log lines.
  explicit peer_check(std::string role,
                      peer_place place = peer_place::anywhere);

  bool admits(const actors::peer& who);

  std::uint64_t refused() const noexcept { return refused_; }

private:
  bool is_outside(const actors::peer& who);
  bool refuse(const actors::peer& who, const char* why);

  std::string role_;
  peer_place place_;
  actors::log_limiter lines_;
  std::uint64_t refused_ = 0;
  /// Is closed while a peer is looked at, which takes a descriptor: a process
  /// that has no other one left still knows its peers.
  unique_fd spare_;
};

} // namespace clearance::io
