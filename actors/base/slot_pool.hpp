/// A bounded number of slots. Each slot returns to the pool when its holder
/// drops it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace clearance::actors {

/// Holds one slot. It may outlive its `slot_pool`.
using slot = std::shared_ptr<const void>;

/// Used on one thread.
class slot_pool {
public:
  explicit slot_pool(std::size_t max)
      : max_(max), shared_(std::make_shared<shared>()) {
    // nop
  }
  ~slot_pool() { shared_->changed = nullptr; }
  slot_pool(const slot_pool&) = delete;
  slot_pool& operator=(const slot_pool&) = delete;

  /// Calls `f` whenever a slot is taken or returned, as long as the pool lives.
  void watch(std::function<void()> f) { shared_->changed = std::move(f); }

  std::size_t taken() const noexcept { return shared_->taken; }

  /// Null if all slots are taken.
  slot take() {
    if (shared_->taken >= max_)
      return nullptr;
    shared_->set(shared_->taken + 1);
    return {shared_.get(),
            [all = shared_](const void*) { all->set(all->taken - 1); }};
  }

private:
  struct shared {
    std::size_t taken = 0;
    std::function<void()> changed;

    void set(std::size_t n) {
      taken = n;
      if (changed)
        changed();
    }
  };

  std::size_t max_;
  std::shared_ptr<shared> shared_;
};

} // namespace clearance::actors
