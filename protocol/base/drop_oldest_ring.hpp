/// A bounded queue. When it is full, its oldest elements are dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace clearance::protocol {

/// Elements come in shared, immutable batches and leave in slices of batches,
/// so that a queue handles a batch as one and not each of its elements. `Batch`
/// has
///   std::size_t size() const;                      its elements
///   std::size_t bytes(from, to) const;             of the elements [from, to)
/// The queue may hold exactly as much as a limit says. `max_elements` is at
/// least 1. A single element that is larger than `max_bytes` is kept if it is
/// alone.
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

  /// Changes the limits. Returns how many elements were dropped because of
  /// that.
  std::size_t bound(std::size_t max_elements, std::size_t max_bytes) {
    max_elements_ = max_elements;
    max_bytes_ = max_bytes;
    return trim();
  }

  /// Adds a batch. Returns how many elements were dropped to make room; some of
  /// them may be of this batch. Throws std::bad_alloc, and then nothing has
  /// changed.
  std::size_t push(std::shared_ptr<const Batch> x) {
    if (x->size() == 0)
      return 0;
    append({x, 0, x->size()});
    size_ += x->size();
    bytes_ += x->bytes(0, x->size());
    return trim();
  }

  /// Takes the oldest elements that belong to one batch, at most `max` of them.
  /// The queue must not be empty, and `max` must not be 0.
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
  /// How many elements were dropped since the start.
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

  // Starts small, because most queues never hold more than a few slices.
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
  std::size_t head_ = 0; // index in slots_
  std::size_t used_ = 0;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
  std::size_t max_elements_;
  std::size_t max_bytes_;
  std::uint64_t dropped_ = 0;
};

} // namespace clearance::protocol
