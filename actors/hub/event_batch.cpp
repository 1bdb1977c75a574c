#include "actors/hub/event_batch.hpp"

#include "protocol/base/limits.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace clearance::actors {

event_batch::event_batch(const std::vector<event_ptr>& events) {
  reserve(events.size());
  for (const auto& x : events)
    add(x);
}

void event_batch::reserve(std::size_t events) {
  events_.reserve(events);
  ends_.reserve(events);
}

void event_batch::add(event_ptr x) {
  const auto size = bytes() + x->wire().size();
  if (!events_.empty()) {
    if (events_.size() == 1) {
      // Full batches have buffers of one size, so that their memory is used
      // again. Events of one batch are of about the same size.
      const auto& first = events_.front()->wire();
      buffer_.reserve(std::max(
          size,
          std::min((first.size() + first.size() / 8) * events_.capacity(),
                   protocol::limits::event_batch_max_bytes + first.size())));
      buffer_ = first;
    }
    buffer_ += x->wire();
  }
  events_.push_back(std::move(x));
  ends_.push_back(static_cast<std::uint32_t>(size));
}

void event_batch::fit() {
  const auto fit = [](auto& x) {
    if (x.capacity() > 2 * x.size())
      x.shrink_to_fit();
  };
  fit(events_);
  fit(ends_);
  fit(buffer_);
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
