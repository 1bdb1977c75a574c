/// A queue that holds only the newest: bounded in elements and in bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace clearance::protocol {

/// Elements come in shared, immutable batches and leave in slices of them, so
/// that a queue touches a batch once, not each of its elements. `Batch` has
///   std::size_t size() const;                      its elements
///   std::size_t bytes(from, to) const;             of the elements [from, to)
/// The bounds are inclusive, that in elements at least 1. A single element
/// larger than the byte bound is kept alone.
template <class Batch>
class drop_oldest_ring {
public:
  /// Elements [from, to) of a batch.
  struct slice {
    std::shared_ptr<const Batch> batch;
    std::size_t from = 0;
    std::size_t to = 0;

    std::size_t size() const noexcept { return to - from; }
    std::size_t bytes() const noexcept { return batch->bytes(from, to); }
  };

  drop_oldest_ring(std::size_t max_elements, std::size_t max_bytes)
      : max_elements_(max_elements), max_bytes_(max_bytes) {
    // nop
  }

  /// Changes the bounds. Returns how many elements went because of that.
  std::size_t bound(std::size_t max_elements, std::size_t max_bytes) {
    max_elements_ = max_elements;
    max_bytes_ = max_bytes;
    return trim();
  }

  /// Returns how many elements went to make room, maybe some of these.
  std::size_t push(std::shared_ptr<const Batch> x) {
    if (x->size() == 0)
      return 0;
    size_ += x->size();
    bytes_ += x->bytes(0, x->size());
    append({x, 0, x->size()});
    return trim();
  }

  /// The oldest elements that lie side by side, at most `max`; there must be
  /// one, and `max` is not 0.
  slice pop(std::size_t max) {
    auto& front = slots_[head_];
    slice result;
    if (front.size() <= max) {
      result = std::exchange(front, {});
      head_ = (head_ + 1) % slots_.size();
      --used_;
    } else {
      result = {front.batch, front.from, front.from + max};
      front.from += max;
    }
    size_ -= result.size();
    bytes_ -= result.bytes();
    return result;
  }

  void clear() {
    while (!empty())
      pop(size_);
  }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  std::size_t bytes() const noexcept { return bytes_; }
  /// Elements that went because of a bound, since the start.
  std::uint64_t dropped() const noexcept { return dropped_; }

private:
  std::size_t trim() {
    std::size_t victims = 0;
    for (; size_ > max_elements_ || (bytes_ > max_bytes_ && size_ > 1);
         ++victims)
      pop(1);
    dropped_ += victims;
    return victims;
  }

  // Most queues never hold more than a few slices.
  void append(slice x) {
    if (used_ == slots_.size()) {
      std::vector<slice> more(slots_.empty() ? 4 : 2 * slots_.size());
      for (std::size_t i = 0; i < used_; ++i)
        more[i] = std::move(slots_[(head_ + i) % slots_.size()]);
      slots_ = std::move(more);
      head_ = 0;
    }
    slots_[(head_ + used_) % slots_.size()] = std::move(x);
    ++used_;
  }

  std::vector<slice> slots_;
  std::size_t head_ = 0; // of slots_
  std::size_t used_ = 0;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
  std::size_t max_elements_;
  std::size_t max_bytes_;
  std::uint64_t dropped_ = 0;
};

} // namespace clearance::protocol
