#include "protocol/hub/backpressure.hpp"

#include <algorithm>

namespace clearance::protocol {

bool calm(const queue_level& level) noexcept {
  return level.waiting <= limits::subscriber_queue_max_events / 2
         && level.bytes <= limits::subscriber_queue_max_bytes / 2;
}

bool holds_up(const queue_level& level, std::size_t events,
              std::size_t bytes) noexcept {
  return !level.stuck && busy(level)
         && (level.waiting + events > limits::subscriber_queue_max_events
             || level.bytes + bytes > limits::subscriber_queue_max_bytes);
}

std::size_t batch_max_events(std::size_t subscribers) noexcept {
  return std::clamp<std::size_t>(limits::fan_out_max_deliveries
                                     / std::max<std::size_t>(subscribers, 1),
                                 1, limits::reader_batch_max_events);
}

time_point progress_deadline(const queue_level& level) noexcept {
  return level.last_progress + limits::subscriber_progress;
}

void pause_budget::waited(duration time) noexcept {
  left_ = std::max(left_ - time, duration::zero());
}

void pause_budget::brought(std::size_t events) noexcept {
  // This many events give back as much as possible already; the product of a
  // larger count could overflow.
  constexpr std::size_t enough =
      limits::reader_pause_max / limits::reader_pause_earned_per_event + 1;
  auto earned = std::min(events, enough)
                * duration{limits::reader_pause_earned_per_event};
  left_ = std::min<duration>(left_ + earned, limits::reader_pause_max);
}

} // namespace clearance::protocol
