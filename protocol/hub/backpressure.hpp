/// Backpressure: decides when the events of a reader may be announced. No input
/// or output happens here.
///
/// A batch of events waits only where it would push events out of the queue of
/// a subscriber that makes progress, and only as long as its reader's pause
/// budget lasts. So the single event of a quiet reader passes at once while
/// another reader's flood is held back, and a stuck subscriber delays nobody.
#pragma once

#include "protocol/base/limits.hpp"
#include "protocol/base/time.hpp"

#include <cstddef>
#include <span>

namespace clearance::protocol {

/// How full one subscriber's queue is.
struct queue_level {
  std::size_t waiting = 0; ///< events in the queue
  std::size_t bytes = 0;   ///< bytes in the queue
  /// when the subscriber last took a whole event, or when it came
  time_point last_progress{};
  bool stuck = false;   ///< found to make no progress: nobody waits for it
  bool flowing = false; ///< its socket is not full, so it takes a batch at once
};

/// Whether events or bytes wait in the queue.
constexpr bool busy(const queue_level& level) noexcept {
  return level.waiting > 0 || !level.flowing;
}

/// Whether the queue is at most half full, both in events and in bytes.
bool calm(const queue_level& level) noexcept;

/// Whether a batch of `events` and `bytes` must wait for this subscriber. No
/// batch waits for a subscriber that has nothing to do, however large the batch
/// is.
bool holds_up(const queue_level& level, std::size_t events,
              std::size_t bytes) noexcept;

/// How many events of one reader are announced together to this number of
/// subscribers: at least one, at most limits::reader_batch_max_events.
std::size_t batch_max_events(std::size_t subscribers) noexcept;

/// When this subscriber counts as stuck, unless it makes progress before.
///
/// The decision needs a second look, limits::subscriber_second_look after the
/// first one. A single look may be too early: if our own process was delayed,
/// the socket's news is not handled yet.
time_point progress_deadline(const queue_level& level) noexcept;

/// How long one reader may be paused. The pauses use the budget up; each event
/// that the reader brings gives some of it back; and it is full again when all
/// queues are calm and the reader has no more events.
class pause_budget {
public:
  /// How long the next batch may wait at most. Zero: it may not wait.
  duration left() const noexcept { return left_; }

  void waited(duration time) noexcept;
  void brought(std::size_t events) noexcept;
  void rested() noexcept { left_ = limits::reader_pause_max; }

private:
  duration left_ = limits::reader_pause_max;
};

} // namespace clearance::protocol
