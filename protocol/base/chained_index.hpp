/// A hash index over objects that somebody else owns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace clearance::protocol {

/// Finds objects by hash without a node or a copied key for each: the chain
/// runs through the objects themselves. One object can be in several indexes.
///
/// `Hook` says where: `static T*& next(T&)` is the link of this index, and
/// `static std::size_t hash(const T&)` the hash, which must not change while
/// the object is in it. Every operation is O(1) on average; memory follows the
/// number of objects up and down.
template <class T, class Hook>
class chained_index {
public:
  /// `x` must not be in the index, and neither its equal.
  void insert(T& x) {
    if (size_ >= buckets_.size())
      rehash(std::max(buckets_.size() * 2, min_buckets));
    link(x);
    ++size_;
  }

  /// `x` must be in the index.
  void erase(T& x) noexcept {
    auto* at = &bucket(Hook::hash(x));
    while (*at != &x)
      at = &Hook::next(**at);
    *at = std::exchange(Hook::next(x), nullptr);
    --size_;
  }

  /// Gives back what a burst took. May be left out.
  void shrink() {
    if (buckets_.size() > min_buckets && size_ < buckets_.size() / 8)
      rehash(buckets_.size() / 2);
  }

  /// The object of this hash that `equal` accepts, or null.
  template <class Equal>
  T* find(std::size_t hash, Equal equal) const {
    if (buckets_.empty())
      return nullptr;
    for (auto* x = buckets_[hash & (buckets_.size() - 1)]; x != nullptr;
         x = Hook::next(*x))
      if (Hook::hash(*x) == hash && equal(*x))
        return x;
    return nullptr;
  }

  /// Any object, or null.
  T* any() const noexcept {
    for (auto* x : buckets_)
      if (x != nullptr)
        return x;
    return nullptr;
  }

  std::size_t size() const noexcept { return size_; }
  std::size_t buckets() const noexcept { return buckets_.size(); }

private:
  static constexpr std::size_t min_buckets = 16; // a power of two

  T*& bucket(std::size_t hash) noexcept {
    return buckets_[hash & (buckets_.size() - 1)];
  }

  void link(T& x) noexcept {
    auto& head = bucket(Hook::hash(x));
    Hook::next(x) = std::exchange(head, &x);
  }

  void rehash(std::size_t count) {
    auto old = std::exchange(buckets_, std::vector<T*>(count));
    for (auto* x : old)
      while (x != nullptr)
        link(*std::exchange(x, Hook::next(*x)));
  }

  std::vector<T*> buckets_;
  std::size_t size_ = 0;
};

} // namespace clearance::protocol
