#include "actors/hub/event_batch.hpp"

#include "protocol/base/limits.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace clearance::actors {

event_batch::event_batch(std::vector<event_ptr> events)
    : events_(std::move(events)) {
  if (events_.size() == 1) {
    wire_ = events_.front()->wire();
    return;
  }
  std::size_t total = 0;
  for (auto& x : events_)
    total += x->wire().size();
  buffer_.reserve(total);
  ends_.reserve(events_.size());
  for (auto& x : events_) {
    buffer_ += x->wire();
    ends_.push_back(static_cast<std::uint32_t>(buffer_.size()));
  }
  wire_ = buffer_;
}

std::size_t event_batch::whole(std::size_t from, std::size_t to,
                               std::size_t count) const noexcept {
  if (bytes(from, to) <= count)
    return to - from;
  auto end = start(from) + count;
  std::size_t result = 0;
  while (start(from + result + 1) <= end)
    ++result;
  return result;
}

void event_batch::hand(std::size_t from, std::size_t to) const noexcept {
  auto before = handed_.load(std::memory_order_relaxed);
  for (auto i = std::max(from, before); i < to; ++i)
    events_[i]->hand();
  if (from <= before && before < to)
    handed_.store(to, std::memory_order_relaxed);
}

event_batch_ptr next_batch(const std::vector<event_ptr>& events,
                           std::size_t& from) {
  std::size_t bytes = 0;
  auto to = from;
  while (to < events.size() && bytes < protocol::limits::event_batch_max_bytes)
    bytes += events[to++]->wire().size();
  auto first = events.begin() + static_cast<std::ptrdiff_t>(from);
  auto last = events.begin() + static_cast<std::ptrdiff_t>(to);
  from = to;
  return std::make_shared<const event_batch>(
      std::vector<event_ptr>{first, last});
}

} // namespace clearance::actors
