/// Objects in one array, which name each other by their place in it.
#pragma once

#include "protocol/base/prefetch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace clearance::protocol {

/// The place of an object in a slot_array: half of a pointer.
using slot_link = std::uint32_t;
inline constexpr slot_link no_slot = 0xffffffffU;

/// Slots are used again, the one that was given back last first. The array
/// grows by pieces of 64 slots, so that growing moves nothing and touches no
/// memory twice: a reference is valid until compact().
/// T moves without throwing, and its default value, which free slots have, owns
/// nothing. `Link` is a member of T: while a slot is free it names the slot
/// that was given back before. So giving back needs no memory and never throws.
template <class T, slot_link T::*Link>
class slot_array {
public:
  T& operator[](slot_link at) noexcept { return (*pieces_[at / 64])[at % 64]; }
  const T& operator[](slot_link at) const noexcept {
    return (*pieces_[at / 64])[at % 64];
  }

  /// Whether the array ever had this place since it was last made smaller.
  bool has(slot_link at) const noexcept { return at < end_; }

  /// Throws std::bad_alloc, and then nothing has changed.
  slot_link take() {
    if (free_ != no_slot) {
      auto at = free_;
      free_ = std::exchange((*this)[at].*Link, T{}.*Link);
      --free_count_;
      return at;
    }
    if (end_ == 64 * pieces_.size())
      pieces_.push_back(std::make_unique<piece>());
    return end_++;
  }

  void give_back(slot_link at) noexcept {
    auto* x = &(*this)[at];
    std::destroy_at(x);
    ::new (x) T; // members without a value of their own stay as they are
    x->*Link = std::exchange(free_, at);
    ++free_count_;
  }

  /// Of the objects, without free slots.
  std::size_t size() const noexcept { return end_ - free_count_; }
  std::size_t capacity() const noexcept { return 64 * pieces_.size(); }

  /// Says that the object will be needed soon.
  void prefetch(slot_link at) const noexcept {
    if (!has(at))
      return;
    const auto* x = reinterpret_cast<const char*>(&(*this)[at]);
    for (std::size_t i = 0; i < sizeof(T); i += 64)
      protocol::prefetch(x + i);
  }

  /// Whether the most of it is free. Who removes objects asks, so that a burst
  /// leaves no memory behind; the removals pay for what compact() visits.
  bool sparse() const noexcept { return end_ > 4 * size() + 64; }

  /// Moves the objects together and frees the rest. Says for each old place the
  /// new one. Whoever holds links must replace them. Throws std::bad_alloc, and
  /// then nothing has changed.
  std::vector<slot_link> compact() {
    std::vector<slot_link> moved(end_);
    while (free_ != no_slot) {
      moved[free_] = no_slot;
      free_ = std::exchange((*this)[free_].*Link, T{}.*Link);
    }
    free_count_ = 0;
    slot_link kept = 0;
    for (slot_link at = 0; at < end_; ++at) {
      if (moved[at] == no_slot)
        continue;
      if (at != kept)
        (*this)[kept] = std::exchange((*this)[at], T{});
      moved[at] = kept++;
    }
    end_ = kept;
    pieces_.resize((end_ + 63) / 64);
    pieces_.shrink_to_fit();
    return moved;
  }

  /// Calls `f` with each slot, free ones included.
  template <class F>
  void for_each(F f) {
    for (auto& x : pieces_)
      for (auto& y : *x)
        f(y);
  }

private:
  using piece = std::array<T, 64>;

  std::vector<std::unique_ptr<piece>> pieces_;
  slot_link free_ = no_slot; // the slot that was given back last
  slot_link free_count_ = 0;
  slot_link end_ = 0; // of the slots that ever were taken
};

} // namespace clearance::protocol
