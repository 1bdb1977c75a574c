/// Objects in the order of their age.
#pragma once

#include "protocol/base/prefetch.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace clearance::protocol {

/// T has `number()`, which grows from each object to the next newer one, and
/// `has_ended()`. Nearly always the oldest object ends first, so this is nearly
/// a queue: one array that is used round and round. An object that ends in the
/// middle stays until it is the oldest, or until half of all have ended.
template <class T>
class age_ring {
public:
  bool empty() const noexcept { return size_ == 0; }

  /// Of all, ended ones included.
  std::size_t size() const noexcept { return size_; }

  /// From the oldest (0) to the newest. The oldest one has not ended.
  T& operator[](std::size_t i) noexcept {
    return slots_[(first_ + i) & (slots_.size() - 1)];
  }
  const T& operator[](std::size_t i) const noexcept {
    return slots_[(first_ + i) & (slots_.size() - 1)];
  }

  /// Makes room for one more, so that the next push() does not throw.
  void reserve_one() {
    if (size_ == slots_.size())
      move_to(size_ == 0 ? 2 : 2 * size_);
  }

  /// Newer than all others. Throws std::bad_alloc, and then nothing has
  /// changed.
  void push(const T& x) {
    assert(size_ == 0 || (*this)[size_ - 1].number() < x.number());
    reserve_one();
    (*this)[size_++] = x;
  }

  /// The place of the oldest one of this number or a greater one; size() if
  /// there is none.
  std::size_t lower_bound(std::uint64_t number) const noexcept {
    // It is nearly always the oldest one.
    std::size_t from = 0;
    for (auto to = size_; from < to;) {
      const auto at = from == 0 && to == size_ ? 0 : from + (to - from) / 2;
      if ((*this)[at].number() < number)
        from = at + 1;
      else
        to = at;
    }
    return from;
  }

  /// Null: there is none of this number that goes on.
  T* find(std::uint64_t number) noexcept {
    const auto at = lower_bound(number);
    return has(at, number) ? &(*this)[at] : nullptr;
  }
  const T* find(std::uint64_t number) const noexcept {
    const auto at = lower_bound(number);
    return has(at, number) ? &(*this)[at] : nullptr;
  }

  /// One of them has ended now. Forgets what can be forgotten; pointers and
  /// places are void.
  void note_end() noexcept {
    ++ended_;
    while (size_ > 0 && (*this)[0].has_ended()) {
      first_ = (first_ + 1) & (slots_.size() - 1);
      --size_;
      --ended_;
    }
    if (2 * ended_ > size_)
      drop_ended();
    constexpr std::size_t few = 16;
    if (slots_.size() > few && size_ < slots_.size() / 4)
      shrink();
  }

  /// Says that the newest and the oldest will be needed soon.
  void prefetch() const noexcept {
    if (slots_.empty())
      return;
    protocol::prefetch(&(*this)[size_]);
    protocol::prefetch(&(*this)[0]);
  }

private:
  bool has(std::size_t at, std::uint64_t number) const noexcept {
    return at < size_ && (*this)[at].number() == number
           && !(*this)[at].has_ended();
  }

  void drop_ended() noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size_; ++i)
      if (!(*this)[i].has_ended())
        (*this)[kept++] = (*this)[i];
    size_ = kept;
    ended_ = 0;
  }

  // If memory is denied it stays as large as it is.
  void shrink() noexcept {
    try {
      move_to(slots_.size() / 2);
    } catch (const std::bad_alloc&) {
      // nop
    }
  }

  void move_to(std::size_t count) {
    std::vector<T> moved(count);
    for (std::size_t i = 0; i < size_; ++i)
      moved[i] = (*this)[i];
    slots_ = std::move(moved);
    first_ = 0;
  }

  std::vector<T> slots_; // none, or a power of two
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  std::size_t ended_ = 0; // of those
};

} // namespace clearance::protocol
