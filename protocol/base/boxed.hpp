/// A value that is rarely there.
#pragma once

#include <memory>
#include <utility>

namespace clearance::protocol {

/// Like std::optional<T>, for a large T: takes 8 bytes while there is no value.
/// A copy has a value of its own.
template <class T>
class boxed {
public:
  boxed() = default;
  boxed(T x) : value_(std::make_unique<T>(std::move(x))) {
    // nop
  }
  boxed(const boxed& x)
      : value_(x.value_ ? std::make_unique<T>(*x.value_) : nullptr) {
    // nop
  }
  boxed(boxed&&) noexcept = default;
  boxed& operator=(boxed x) noexcept {
    value_ = std::move(x.value_);
    return *this;
  }
  ~boxed() = default;

  bool has_value() const noexcept { return value_ != nullptr; }
  explicit operator bool() const noexcept { return has_value(); }
  T& operator*() noexcept { return *value_; }
  const T& operator*() const noexcept { return *value_; }
  T* operator->() noexcept { return value_.get(); }
  const T* operator->() const noexcept { return value_.get(); }

  friend bool operator==(const boxed& x, const boxed& y) {
    return x.has_value() == y.has_value() && (!x || *x == *y);
  }

private:
  std::unique_ptr<T> value_;
};

} // namespace clearance::protocol
