/// The events that nobody was handed, in the order of their announcement. Only
/// the parts of the authorisation map include this.
#pragma once

#include "protocol/base/slot_array.hpp"
#include "protocol/hub/authorisation.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace clearance::protocol {

/// Events of open requests, by number. Numbers grow, so an array stays sorted;
/// an event that leaves it leaves a hole, and holes go once they are the most
/// of it.
class undelivered_index {
public:
  struct entry {
    std::uint64_t number;        // of the announcement
    undelivered_event_ptr event; // null: a hole
    std::uint32_t bytes;         // charged for it
    slot_link request;
  };

  /// Makes room for one more, so that the next append() does not throw.
  void reserve_one();

  /// `x` has the greatest number so far. Returns its place in the index. Throws
  /// std::bad_alloc, and then nothing has changed.
  slot_link append(entry x);

  entry& at(slot_link place) noexcept { return entries_[place]; }

  /// Makes a hole. Where that moves others `moved(request, place)` is told of
  /// each.
  template <class F>
  void remove(slot_link place, F moved) {
    entries_[place].event.reset();
    --size_;
    // Each pass is paid for by as many removals as it visits entries.
    if (entries_.size() <= 2 * size_ + 64)
      return;
    close_holes();
    for (std::size_t i = 0; i < entries_.size(); ++i)
      moved(entries_[i].request, static_cast<slot_link>(i));
  }

  /// The next entry round and round; null for a hole. The index is not empty.
  const entry* turn() noexcept;

  /// Calls `f` with every entry numbered more than `number` until it says
  /// false. `f` changes nothing.
  template <class F>
  void walk_after(std::uint64_t number, F f) const {
    for (auto i = first_after(number); i < entries_.size(); ++i)
      if (entries_[i].event != nullptr && !f(entries_[i]))
        return;
  }

  /// The open requests have moved, as slot_array::compact() says.
  void follow(const std::vector<slot_link>& moved) noexcept;

  bool empty() const noexcept { return size_ == 0; }

private:
  std::size_t first_after(std::uint64_t number) const noexcept;
  void close_holes();

  std::vector<entry> entries_;
  std::size_t size_ = 0; // without holes
  std::size_t hand_ = 0; // where turn() goes on
};

} // namespace clearance::protocol
