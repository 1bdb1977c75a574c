/// So that a flood of events does not become a flood of the log.
#pragma once

#include "protocol/base/limits.hpp"
#include "protocol/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace clearance::actors {

/// Lets a number of lines through in each limits::log_interval and counts the
/// others. One of many peers' also asks that of all of them, the `whole`: who
/// connects anew for each line gets no further. Used on one thread.
class log_limiter {
public:
  explicit log_limiter(std::size_t max_lines = protocol::limits::log_max_lines,
                       std::shared_ptr<log_limiter> whole = nullptr) noexcept
      : max_(max_lines), whole_(std::move(whole)) {
    // nop
  }

  /// Whether a line may be logged at `now`.
  bool allow(protocol::time_point now) noexcept {
    if (has_room(now) && (!whole_ || whole_->has_room(now))) {
      ++logged_;
      if (whole_)
        ++whole_->logged_;
      return true;
    }
    ++withheld_;
    return false;
  }

  /// Lines that were not allowed since the last call; say so with the next.
  std::uint64_t take_withheld() noexcept { return std::exchange(withheld_, 0); }

  /// The same at this one's end, for a line of its own. 0, too, when that one
  /// is not allowed: whoever logs next of the whole says it.
  std::uint64_t take_rest(protocol::time_point now) noexcept {
    const auto rest = take_withheld();
    if (rest == 0 || !whole_)
      return rest;
    if (whole_->has_room(now)) {
      ++whole_->logged_;
      return rest;
    }
    whole_->withheld_ += rest;
    return 0;
  }

  /// What others left untold at their end; say so with the next, too.
  std::uint64_t take_rest_of_others() noexcept {
    return whole_ ? whole_->take_withheld() : 0;
  }

private:
  bool has_room(protocol::time_point now) noexcept {
    if (now - window_ >= protocol::limits::log_interval) {
      window_ = now;
      logged_ = 0;
    }
    return logged_ < max_;
  }

  std::size_t max_;
  std::shared_ptr<log_limiter> whole_;
  protocol::time_point window_{};
  std::size_t logged_ = 0;
  std::uint64_t withheld_ = 0;
};

/// What many limiters share.
using log_limiter_ptr = std::shared_ptr<log_limiter>;

inline log_limiter_ptr limiter_of_all() {
  return std::make_shared<log_limiter>(protocol::limits::log_max_lines_of_all);
}

} // namespace clearance::actors
