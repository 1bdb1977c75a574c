/// A hash index over objects that lie in a slot_array.
#pragma once

#include "protocol/base/prefetch.hpp"
#include "protocol/base/slot_array.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace clearance::protocol {

/// Finds the place of an object by the object's hash: open addressing with
/// linear steps in one array of 8 bytes an entry, at most half full. An entry
/// keeps the hash, so that looking, growing and erasing touch no object but
/// those of the same hash.
///
/// Erasing closes the gap: the entries behind it move up, as if the erased one
/// had never been there. So nothing is left behind that lookups would have to
/// step over, however many objects come and go. Memory follows the number of
/// objects up and down.
///
/// Steps are few while hashes are spread evenly: take them from keyed_hash
/// where a peer chooses what is hashed.
class flat_index {
public:
  /// Makes room for one more, so that the next insert() does not throw.
  void reserve_one() {
    if (2 * (size_ + 1) > entries_.size())
      resize(std::max(2 * entries_.size(), min_entries));
  }

  /// The pair must not be in the index. Throws std::bad_alloc, and then nothing
  /// has changed.
  void insert(std::uint32_t hash, slot_link at) {
    reserve_one();
    place({hash, at});
    ++size_;
  }

  /// The pair must be in the index.
  void erase(std::uint32_t hash, slot_link at) noexcept {
    auto hole = position(hash, at);
    for (auto i = next(hole); entries_[i].at != no_slot; i = next(i)) {
      // Moves up unless its search begins behind the hole.
      auto searched = (i - entries_[i].hash) & mask();
      if (searched >= ((i - hole) & mask()))
        entries_[std::exchange(hole, i)] = entries_[i];
    }
    entries_[hole].at = no_slot;
    --size_;
    if (entries_.size() > min_entries && size_ < entries_.size() / 16)
      shrink();
  }

  /// Puts `by` in the place of `at`, which must be in the index. The hash of
  /// both is the same.
  void replace(std::uint32_t hash, slot_link at, slot_link by) noexcept {
    entries_[position(hash, at)].at = by;
  }

  /// The place of this hash that `equal` accepts, or no_slot.
  template <class Equal>
  slot_link find(std::uint32_t hash, Equal equal) const {
    if (entries_.empty())
      return no_slot;
    for (auto i = hash & mask(); entries_[i].at != no_slot; i = next(i))
      if (entries_[i].hash == hash && equal(entries_[i].at))
        return entries_[i].at;
    return no_slot;
  }

  /// Says that the hash will be looked for soon.
  void prefetch(std::uint32_t hash) const noexcept {
    if (!entries_.empty())
      protocol::prefetch(&entries_[hash & mask()]);
  }

  /// The objects have moved, as slot_array::compact() says.
  void follow(const std::vector<slot_link>& moved) noexcept {
    for (auto& x : entries_)
      if (x.at != no_slot)
        x.at = moved[x.at];
  }

  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return entries_.size(); }

private:
  static constexpr std::size_t min_entries = 16; // a power of two

  struct entry {
    std::uint32_t hash = 0;
    slot_link at = no_slot; // no_slot: the entry is free
  };

  std::size_t mask() const noexcept { return entries_.size() - 1; }
  std::size_t next(std::size_t i) const noexcept { return (i + 1) & mask(); }

  std::size_t position(std::uint32_t hash, slot_link at) const noexcept {
    auto i = hash & mask();
    while (entries_[i].at != at || entries_[i].hash != hash)
      i = next(i);
    return i;
  }

  void place(entry x) noexcept {
    auto i = x.hash & mask();
    while (entries_[i].at != no_slot)
      i = next(i);
    entries_[i] = x;
  }

  // If memory is denied, the index stays as large as it is. The next erase()
  // tries again.
  void shrink() noexcept {
    try {
      resize(entries_.size() / 4);
    } catch (const std::bad_alloc&) {
      // nop
    }
  }

  void resize(std::size_t count) {
    for (auto old = std::exchange(entries_, std::vector<entry>(count));
         auto& x : old)
      if (x.at != no_slot)
        place(x);
  }

  std::vector<entry> entries_; // none, or a power of two
  std::size_t size_ = 0;
};

} // namespace clearance::protocol
