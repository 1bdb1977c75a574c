/// A bounded number of places, each given back by itself.
#pragma once

#include <cstddef>
#include <memory>

namespace clearance::actors {

/// Whoever holds one has a place; it may outlive its `seats`.
using seat = std::shared_ptr<const void>;

/// Used on one thread.
class seats {
public:
  explicit seats(std::size_t max)
      : max_(max), taken_(std::make_shared<std::size_t>(0)) {
    // nop
  }

  /// Null: all are taken.
  seat take() {
    if (*taken_ >= max_)
      return nullptr;
    ++*taken_;
    return {taken_.get(), [all = taken_](const void*) { --*all; }};
  }

private:
  std::size_t max_;
  std::shared_ptr<std::size_t> taken_;
};

} // namespace clearance::actors
