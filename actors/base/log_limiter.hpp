/// Limits how many lines a kind of event may write to the log.
#pragma once

#include "protocol/base/limits.hpp"
#include "protocol/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace clearance::actors {

/// Allows a number of lines in each limits::log_interval and counts the others.
/// The limiter of one peer may share a second limiter, `whole`, with all peers
/// of its kind: a line needs the permission of both, so a peer gains nothing by
/// connecting anew for each line. Used on one thread.
class log_limiter {
public:
  explicit log_limiter(std::size_t max_lines = protocol::limits::log_max_lines,
                       std::shared_ptr<log_limiter> whole = nullptr) noexcept
      : max_(max_lines), whole_(std::move(whole)) {
    // nop
  }

  /// Whether a line may be logged at `now`. If not, it is counted.
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

  /// How many lines were not allowed since the last call. Log this number with
  /// the next line.
  std::uint64_t take_withheld() noexcept { return std::exchange(withheld_, 0); }

  /// When this limiter's peer leaves: how many lines were not allowed, for a
  /// line of their own. 0 also if that line itself is not allowed; then the
  /// number is added to take_rest_of_others() of the whole.
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

  /// The lines of peers that left and that no line has mentioned. Log this
  /// number with the next line, too.
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

/// A limiter that many limiters share.
using log_limiter_ptr = std::shared_ptr<log_limiter>;

inline log_limiter_ptr limiter_of_all() {
  return std::make_shared<log_limiter>(protocol::limits::log_max_lines_of_all);
}

} // namespace clearance::actors
