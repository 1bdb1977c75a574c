/// Who may connect to a unix socket of ours: our own uid.
#pragma once

#include "actors/base/connection.hpp"
#include "actors/base/log_limiter.hpp"

#include <cstdint>
#include <string>

namespace clearance::io {

/// Counts and logs whom it turns away; a flood of them not line by line.
class peer_check {
public:
  /// `role` is the socket's, for the log.
  explicit peer_check(std::string role);

  bool admits(const actors::peer& who);

  std::uint64_t refused() const noexcept { return refused_; }

private:
  std::string role_;
  actors::log_limiter lines_;
  std::uint64_t refused_ = 0;
};

} // namespace clearance::io
