#include "protocol/hub/undelivered_index.hpp"

#include <algorithm>

namespace clearance::protocol {

void undelivered_index::append(open_request& x) {
  x.log_position = slots_.size();
  slots_.push_back({x.number, &x});
  ++size_;
}

void undelivered_index::remove(open_request& x) {
  slots_[x.log_position].what = nullptr;
  --size_;
  // Each pass is paid for by as many removals as it visits slots.
  constexpr std::size_t small = 64;
  if (slots_.size() > 2 * size_ + small)
    close_holes();
}

open_request* undelivered_index::turn() noexcept {
  if (hand_ >= slots_.size())
    hand_ = 0;
  return slots_[hand_++].what;
}

std::size_t
undelivered_index::first_after(std::uint64_t number) const noexcept {
  auto at = std::upper_bound(
      slots_.begin(), slots_.end(), number,
      [](std::uint64_t n, const slot& x) { return n < x.number; });
  return static_cast<std::size_t>(at - slots_.begin());
}

void undelivered_index::close_holes() {
  std::size_t kept = 0;
  auto hand = hand_;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (i == hand)
      hand_ = kept;
    if (slots_[i].what == nullptr)
      continue;
    slots_[i].what->log_position = kept;
    slots_[kept++] = slots_[i];
  }
  if (hand >= slots_.size())
    hand_ = 0;
  slots_.resize(kept);
  if (slots_.capacity() > 4 * kept + 64)
    slots_.shrink_to_fit();
}

} // namespace clearance::protocol
