#include "protocol/hub/undelivered_index.hpp"

#include <algorithm>
#include <utility>

namespace clearance::protocol {

// Grows by a quarter, because the open requests are charged for it.
void undelivered_index::reserve_one() {
  if (entries_.size() == entries_.capacity())
    entries_.reserve(entries_.size() + entries_.size() / 4 + 16);
}

slot_link undelivered_index::append(entry x) {
  reserve_one();
  entries_.push_back(std::move(x));
  ++size_;
  return static_cast<slot_link>(entries_.size() - 1);
}

const undelivered_index::entry* undelivered_index::turn() noexcept {
  if (hand_ >= entries_.size())
    hand_ = 0;
  const auto& x = entries_[hand_++];
  return x.event == nullptr ? nullptr : &x;
}

void undelivered_index::follow(const std::vector<slot_link>& moved) noexcept {
  for (auto& x : entries_)
    if (x.event != nullptr)
      x.request = moved[x.request];
}

std::size_t
undelivered_index::first_after(std::uint64_t number) const noexcept {
  auto at = std::upper_bound(
      entries_.begin(), entries_.end(), number,
      [](std::uint64_t n, const entry& x) { return n < x.number; });
  return static_cast<std::size_t>(at - entries_.begin());
}

void undelivered_index::close_holes() {
  auto is_hole = [](const entry& x) { return x.event == nullptr; };
  auto hand = entries_.begin()
              + static_cast<std::ptrdiff_t>(std::min(hand_, entries_.size()));
  hand_ -=
      static_cast<std::size_t>(std::count_if(entries_.begin(), hand, is_hole));
  std::erase_if(entries_, is_hole);
  if (entries_.capacity() > 4 * entries_.size() + 64)
    entries_.shrink_to_fit();
}

} // namespace clearance::protocol
