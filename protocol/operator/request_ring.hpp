/// The open requests of one container, for the prompt table.
#pragma once

#include "protocol/hub/authorisation.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace clearance::protocol {

struct prompt_entry;

/// An open request of a prompt.
struct prompt_request {
  request_ref what;
  prompt_entry* owner = nullptr; ///< null: it has ended
};

/// Requests by generation, from the oldest (0) to the newest. The registry ends
/// the oldest ones first, so this is nearly a queue: one array that is used
/// round and round. Those that end in the middle stay until they are the
/// oldest, or until they are most.
class request_ring {
public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  prompt_request& operator[](std::size_t i) noexcept {
    return slots_[(first_ + i) & (slots_.size() - 1)];
  }
  const prompt_request& operator[](std::size_t i) const noexcept {
    return slots_[(first_ + i) & (slots_.size() - 1)];
  }

  /// Newer than all others. Throws std::bad_alloc, and then nothing has
  /// changed.
  void push(const prompt_request& x) {
    assert(size_ == 0
           || (*this)[size_ - 1].what.generation < x.what.generation);
    if (size_ == slots_.size())
      move_to(size_ == 0 ? 2 : 2 * size_);
    (*this)[size_++] = x;
  }

  /// Null: there is none of this generation that goes on.
  prompt_request* find(std::uint64_t generation) noexcept {
    // It is nearly always the oldest one.
    std::size_t from = 0;
    for (auto to = size_; from < to;) {
      const auto at = from == 0 && to == size_ ? 0 : from + (to - from) / 2;
      if ((*this)[at].what.generation < generation)
        from = at + 1;
      else
        to = at;
    }
    if (from == size_ || (*this)[from].what.generation != generation
        || (*this)[from].owner == nullptr)
      return nullptr;
    return &(*this)[from];
  }

  /// One of them has ended: its owner is null now. Forgets what it can; links
  /// to others are void.
  void note_end() noexcept {
    ++ended_;
    while (size_ > 0 && (*this)[0].owner == nullptr) {
      first_ = (first_ + 1) & (slots_.size() - 1);
      --size_;
      --ended_;
    }
    constexpr std::size_t few = 64;
    if (ended_ > few && 2 * ended_ > size_)
      drop_ended();
    if (slots_.size() > few && size_ < slots_.size() / 8)
      shrink();
  }

  /// Says that the newest and the oldest will be needed soon.
  void prefetch() const noexcept {
    if (slots_.empty())
      return;
    __builtin_prefetch(&(*this)[size_], 1);
    __builtin_prefetch(&(*this)[0]);
  }

private:
  void drop_ended() noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size_; ++i)
      if ((*this)[i].owner != nullptr)
        (*this)[kept++] = (*this)[i];
    size_ = kept;
    ended_ = 0;
  }

  // If memory is denied it stays as large as it is.
  void shrink() noexcept {
    try {
      move_to(slots_.size() / 4);
    } catch (const std::bad_alloc&) {
      // nop
    }
  }

  void move_to(std::size_t count) {
    std::vector<prompt_request> moved(count);
    for (std::size_t i = 0; i < size_; ++i)
      moved[i] = (*this)[i];
    slots_ = std::move(moved);
    first_ = 0;
  }

  std::vector<prompt_request> slots_; // none, or a power of two
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  std::size_t ended_ = 0; // of those
};

} // namespace clearance::protocol
