/// When a reader's events may be announced: backpressure as a pure machine.
///
/// A batch waits only where it would push something out of the queue of a
/// subscriber that makes progress; it waits no longer than its reader's
/// patience. A quiet reader's single event therefore passes at once while a
/// flood beside it is held back, and a stuck subscriber holds up nobody.
#pragma once

#include "protocol/base/limits.hpp"
#include "protocol/base/time.hpp"

#include <cstddef>
#include <span>

namespace clearance::protocol {

/// How full one subscriber's queue is.
struct queue_level {
  std::size_t waiting = 0;    ///< events in its queue
  std::size_t bytes = 0;      ///< and theirs
  time_point last_progress{}; ///< when it last took a whole event, or came
  bool stuck = false;         ///< found so since: not waited for
  bool flowing = false;       ///< its socket is not full: takes a batch at once
};

/// Whether something waits for it to take what it was given.
constexpr bool busy(const queue_level& level) noexcept {
  return level.waiting > 0 || !level.flowing;
}

/// At most half full, by events and by bytes.
bool calm(const queue_level& level) noexcept;

/// Whether `level` makes a batch of so many events and bytes wait. No batch
/// waits for one that has nothing to do, however large it is.
bool holds_up(const queue_level& level, std::size_t events,
              std::size_t bytes) noexcept;

/// How many events of one reader are announced at a time to so many
/// subscribers: at least one, at most limits::reader_batch_max_events.
std::size_t batch_max_events(std::size_t subscribers) noexcept;

/// When `level` stops making progress, unless it makes some before.
///
/// Found stuck only at a second look, limits::subscriber_second_look after a
/// first one: a single look may come before the socket's own news, when it was
/// our process that made no progress.
time_point progress_deadline(const queue_level& level) noexcept;

/// One reader's patience: it is spent while the reader is paused, earned back
/// by the events it brings, and whole again once nothing holds it up and it has
/// nothing more to say.
class pause_budget {
public:
  /// How long the next batch may wait. Zero: it may not.
  duration left() const noexcept { return left_; }

  void waited(duration time) noexcept;
  void brought(std::size_t events) noexcept;
  void rested() noexcept { left_ = limits::reader_pause_max; }

private:
  duration left_ = limits::reader_pause_max;
};

} // namespace clearance::protocol
