#include "actors/hub/bounded_mailbox.hpp"

#include <utility>

namespace clearance::actors {

namespace limits = protocol::limits;

event_queue::event_queue()
    : events_(limits::subscriber_queue_max_events,
              limits::subscriber_queue_max_bytes),
      queue_(std::make_shared<queue_status>()) {
  // nop
}

bool event_queue::offer(event_batch_ptr events) {
  std::lock_guard guard{mutex_};
  if (closed_)
    return false;
  lost(events_.push(std::move(events)));
  tell_level();
  if (waking_ || (paused_ && loss_ != loss::untold))
    return false;
  waking_ = true;
  return true;
}

bool event_queue::woke() {
  std::lock_guard guard{mutex_};
  waking_ = false;
  if (loss_ != loss::untold)
    return false;
  loss_ = loss::told;
  return true;
}

void event_queue::take(std::vector<event_slice>& out, std::size_t max) {
  std::lock_guard guard{mutex_};
  std::size_t bytes = 0;
  while (max > 0 && !events_.empty()
         && bytes < limits::subscriber_batch_max_bytes) {
    out.push_back(events_.pop(max));
    max -= out.back().size();
    bytes += out.back().bytes();
  }
  if (events_.empty())
    loss_ = loss::none;
  tell_level();
}

bool event_queue::pause() {
  std::lock_guard guard{mutex_};
  paused_ = true;
  lost(events_.bound(limits::subscriber_queue_max_events,
                     limits::subscriber_queue_max_bytes));
  tell_level();
  if (loss_ != loss::untold)
    return false;
  loss_ = loss::told;
  return true;
}

void event_queue::flow() {
  std::lock_guard guard{mutex_};
  paused_ = false;
  events_.bound(
      limits::subscriber_queue_max_events + limits::subscriber_batch_max_events,
      limits::subscriber_queue_max_bytes + limits::subscriber_batch_max_bytes);
  tell_level();
}

bool event_queue::empty() const {
  std::lock_guard guard{mutex_};
  return events_.empty();
}

void event_queue::close() {
  std::lock_guard guard{mutex_};
  closed_ = true;
  events_.clear();
  tell_level();
}

// Call it with the lock held.
void event_queue::lost(std::size_t count) {
  if (count == 0)
    return;
  queue_->add_dropped(count);
  if (loss_ == loss::none)
    loss_ = loss::untold;
}

// Call it with the lock held.
void event_queue::tell_level() {
  queue_->set_waiting(events_.size(), events_.bytes());
  queue_->set_flowing(!paused_);
}

} // namespace clearance::actors
