#include "actors/bounded_mailbox.hpp"

namespace clearance::actors {

namespace limits = protocol::limits;

event_queue::event_queue()
    : events_(limits::subscriber_queue_max_events,
              limits::subscriber_queue_max_bytes),
      gauge_(std::make_shared<subscriber_gauge>()) {
  // nop
}

bool event_queue::offer(const std::vector<event_ptr>& events) {
  std::lock_guard guard{mutex_};
  if (closed_)
    return false;
  std::size_t lost = 0;
  for (auto& x : events)
    lost += events_.push(x);
  if (lost > 0) {
    gauge_->add_dropped(lost);
    if (loss_ == loss::none)
      loss_ = loss::untold;
  }
  gauge_->set_waiting(events_.size(), events_.bytes());
  if (waking_ || (paused_ && loss_ != loss::untold))
    return false;
  waking_ = true;
  return true;
}

void event_queue::woke() {
  std::lock_guard guard{mutex_};
  waking_ = false;
}

void event_queue::take(std::vector<event_ptr>& out, std::size_t max) {
  std::lock_guard guard{mutex_};
  for (; max > 0 && !events_.empty(); --max)
    out.push_back(events_.pop());
  if (events_.empty())
    loss_ = loss::none;
  gauge_->set_waiting(events_.size(), events_.bytes());
}

void event_queue::pause(bool on) {
  std::lock_guard guard{mutex_};
  paused_ = on;
}

bool event_queue::take_loss() {
  std::lock_guard guard{mutex_};
  if (loss_ != loss::untold)
    return false;
  loss_ = loss::told;
  return true;
}

bool event_queue::empty() const {
  std::lock_guard guard{mutex_};
  return events_.empty();
}

void event_queue::close() {
  std::lock_guard guard{mutex_};
  closed_ = true;
  events_.clear();
  gauge_->set_waiting(0, 0);
}

} // namespace clearance::actors
