#include "protocol/guard/told_targets.hpp"

#include "protocol/guard/limits.hpp"

namespace clearance::protocol {

bool told_targets::is_due(const blocked_target& x, time_point now) {
  forget_old(now);
  return !known_.contains(x);
}

void told_targets::told(const blocked_target& x, time_point now) {
  forget_old(now);
  if (!known_.insert(x).second)
    return;
  order_.push_back({x, now});
  if (order_.size() <= guard_limits::targets_max)
    return;
  known_.erase(order_.front().target);
  order_.pop_front();
}

void told_targets::forget_old(time_point now) {
  while (!order_.empty()
         && now - order_.front().when >= guard_limits::block_repeat) {
    known_.erase(order_.front().target);
    order_.pop_front();
  }
}

std::uint32_t sequence_gap::before(std::uint32_t sequence) noexcept {
  // The number wraps around at 2^32, and so does the difference.
  const auto lost = last_ ? sequence - *last_ - 1 : 0;
  last_ = sequence;
  return lost;
}

} // namespace clearance::protocol
