/// Allows only peers of our own uid to connect to a unix socket.
#pragma once

#include "actors/base/connection.hpp"
#include "actors/base/log_limiter.hpp"

#include <cstdint>
#include <string>

namespace clearance::io {

/// Counts and logs the peers that it turns away. The number of log lines is
/// limited.
class peer_check {
public:
  /// `role` names the socket in log lines.
  explicit peer_check(std::string role);

  bool admits(const actors::peer& who);

  std::uint64_t refused() const noexcept { return refused_; }

private:
  std::string role_;
  actors::log_limiter lines_;
  std::uint64_t refused_ = 0;
};

} // namespace clearance::io
