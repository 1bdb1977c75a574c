/// A limit for the bytes that many holders, such as connections, hold together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace clearance::protocol {

/// Counts the bytes that are held. A budget may be part of a larger one,
/// `whole`: then each byte counts in both and must fit into both. Used on one
/// thread.
class byte_budget {
public:
  explicit byte_budget(std::size_t max_bytes,
                       std::shared_ptr<byte_budget> whole = nullptr) noexcept
      : max_(max_bytes), whole_(std::move(whole)) {
    // nop
  }

  /// Whether `bytes` more would keep within the limit, and within that of
  /// `whole`.
  bool has_room(std::size_t bytes) const noexcept {
    return held_ <= max_ && bytes <= max_ - held_
           && (!whole_ || whole_->has_room(bytes));
  }

  std::size_t held() const noexcept { return held_; }

  /// How many requests for more bytes were denied.
  std::uint64_t denied() const noexcept { return denied_; }

private:
  friend class byte_charge;

  void add(std::size_t bytes) noexcept {
    held_ += bytes;
    if (whole_)
      whole_->add(bytes);
  }

  void subtract(std::size_t bytes) noexcept {
    held_ -= bytes;
    if (whole_)
      whole_->subtract(bytes);
  }

  std::size_t max_;
  std::shared_ptr<byte_budget> whole_;
  std::size_t held_ = 0;
  std::uint64_t denied_ = 0;
};

using byte_budget_ptr = std::shared_ptr<byte_budget>;

/// The part of a budget that one holder uses. The destructor gives it back. A
/// charge without a budget counts nothing and denies nothing.
class byte_charge {
public:
  byte_charge() noexcept = default;
  explicit byte_charge(byte_budget_ptr budget) noexcept
      : budget_(std::move(budget)) {
    // nop
  }
  byte_charge(byte_charge&& other) noexcept
      : budget_(std::move(other.budget_)),
        bytes_(std::exchange(other.bytes_, 0)) {
    // nop
  }
  byte_charge& operator=(byte_charge&& other) noexcept {
    if (this != &other) {
      settle(0);
      budget_ = std::move(other.budget_);
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }
  ~byte_charge() { settle(0); }

  /// Changes the charge to `bytes`. False if the budget has no room for that:
  /// the charge stays as it was.
  bool try_hold(std::size_t bytes) noexcept {
    if (budget_ && bytes > bytes_ && !budget_->has_room(bytes - bytes_)) {
      ++budget_->denied_;
      return false;
    }
    settle(bytes);
    return true;
  }

  /// Changes the charge to `bytes` even if the budget has no room: for memory
  /// that is in use already.
  void settle(std::size_t bytes) noexcept {
    if (budget_) {
      budget_->subtract(bytes_);
      budget_->add(bytes);
      bytes_ = bytes;
    }
  }

  std::size_t bytes() const noexcept { return bytes_; }

private:
  byte_budget_ptr budget_;
  std::size_t bytes_ = 0;
};

} // namespace clearance::protocol
