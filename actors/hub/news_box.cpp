#include "actors/hub/news_box.hpp"

#include "protocol/operator/limits.hpp"

#include <exception>
#include <utility>

namespace clearance::actors {

namespace {

// Of an item beside its events: about what its parts take here.
constexpr std::size_t item_bytes = 128;

} // namespace

void news_box::begin(std::size_t events) noexcept {
  begun_at_ = bound_.size();
  evicted_at_ = evicted_.size();
  is_missed_ = false;
  try {
    // As a vector grows by itself, but before there is something to lose.
    if (bound_.capacity() - bound_.size() < events)
      bound_.reserve(2 * bound_.capacity() + events);
    if (items_.capacity() == items_.size())
      items_.reserve(2 * items_.capacity() + 1);
  } catch (const std::exception&) {
    is_missed_ = true;
  }
}

void news_box::note(const protocol::bound_request& x) noexcept {
  if (!is_missed_)
    bound_.push_back(x); // begin() has made room
}

// Where an eviction is not noted the operators keep a request that is gone, and
// find that out when they want it executed.
void news_box::note_eviction(std::uint64_t generation) noexcept try {
  if (!is_missed_)
    evicted_.push_back({bound_.size() - begun_at_, generation});
} catch (const std::exception&) {
  ++missed_;
}

void news_box::end(const event_batch_ptr& events, std::size_t subscribers,
                   protocol::time_point at) noexcept {
  if (is_missed_) {
    ++missed_;
    return;
  }
  auto& x = items_.emplace_back(); // begin() has made room
  x.events = events;
  x.at = at;
  x.subscribers = subscribers;
  x.bound = begun_at_;
  x.evicted = evicted_at_;
  x.evicted_end = evicted_.size();
  bytes_ += item_bytes + events->bytes();
  ++sequence_;
}

void news_box::add(verdict_executed x) noexcept try {
  item added;
  added.verdict = std::make_unique<const verdict_executed>(std::move(x));
  items_.push_back(std::move(added));
  bytes_ += item_bytes + sizeof(verdict_executed);
  ++sequence_;
} catch (const std::exception&) {
  ++missed_;
}

bool news_box::wakes() noexcept {
  if (woken_ || items_.empty()
      || (!eager_
          && bytes_ < protocol::operator_limits::news_waiting_max_bytes))
    return false;
  return woken_ = true;
}

news_box::batch news_box::batch_of(const item& x) const noexcept {
  return {x.events, std::span{bound_}.subspan(x.bound, x.events->size()),
          std::span{evicted_}.subspan(x.evicted, x.evicted_end - x.evicted),
          x.subscribers, x.at};
}

// Keeps the memory: as much will come again.
void news_box::forget_all() noexcept {
  first_ += items_.size();
  items_.clear();
  bound_.clear();
  evicted_.clear();
  taken_ = 0;
  bytes_ = 0;
}

} // namespace clearance::actors
