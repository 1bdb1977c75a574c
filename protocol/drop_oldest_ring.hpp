/// A queue with a bound in events and in bytes, which drops its oldest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace clearance::protocol {

/// `T` is cheap to move, and empty when it is default constructed; `Size` gives
/// a T's bytes, always the same for one element. The bounds are inclusive, that
/// in elements at least 1. A single element larger than the byte bound is kept
/// alone.
template <class T, class Size>
class drop_oldest_ring {
public:
  drop_oldest_ring(std::size_t max_elements, std::size_t max_bytes,
                   Size size = {})
      : slots_(max_elements), max_bytes_(max_bytes), size_of_(std::move(size)) {
    // nop
  }

  /// Returns how many elements went to make room.
  std::size_t push(T x) {
    auto bytes = size_of_(x);
    std::size_t victims = 0;
    while (size_ > 0
           && (size_ == slots_.size() || bytes_ + bytes > max_bytes_)) {
      pop();
      ++victims;
    }
    slots_[(head_ + size_) % slots_.size()] = std::move(x);
    ++size_;
    bytes_ += bytes;
    dropped_ += victims;
    return victims;
  }

  /// The oldest one; there must be one.
  T pop() {
    T x = std::exchange(slots_[head_], T{});
    bytes_ -= size_of_(x);
    head_ = (head_ + 1) % slots_.size();
    --size_;
    return x;
  }

  void clear() {
    while (!empty())
      pop();
  }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  std::size_t bytes() const noexcept { return bytes_; }
  /// Elements that went because of a bound, since the start.
  std::uint64_t dropped() const noexcept { return dropped_; }

private:
  std::vector<T> slots_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
  std::size_t max_bytes_;
  std::uint64_t dropped_ = 0;
  [[no_unique_address]] Size size_of_;
};

} // namespace clearance::protocol
