/// So that a flood of events does not become a flood of the log.
#pragma once

#include "protocol/admission.hpp"
#include "protocol/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace clearance::actors {

/// Lets limits::log_max_lines through in each limits::log_interval and counts
/// the others.
class log_limiter {
public:
  /// Whether a line may be logged at `now`.
  bool allow(protocol::time_point now) noexcept {
    if (now - window_ >= protocol::limits::log_interval) {
      window_ = now;
      logged_ = 0;
    }
    if (logged_ < protocol::limits::log_max_lines) {
      ++logged_;
      return true;
    }
    ++withheld_;
    return false;
  }

  /// Lines that were not allowed since the last call; say so with the next.
  std::uint64_t take_withheld() noexcept { return std::exchange(withheld_, 0); }

private:
  protocol::time_point window_{};
  std::size_t logged_ = 0;
  std::uint64_t withheld_ = 0;
};

} // namespace clearance::actors
