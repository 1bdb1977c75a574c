/// A parcel whose fate a test decides.
#pragma once

#include "protocol/hub/authorisation.hpp"

#include <cstddef>
#include <memory>

namespace clearance::test {

class test_parcel : public protocol::parcel {
public:
  explicit test_parcel(std::size_t bytes, int name = 0) noexcept
      : bytes_(bytes), name_(name) {
    ++count_;
  }
  ~test_parcel() override { --count_; }
  test_parcel(const test_parcel&) = delete;
  test_parcel& operator=(const test_parcel&) = delete;

  std::size_t bytes() const noexcept override { return bytes_; }
  bool handed() const noexcept override { return handed_; }

  void hand() noexcept { handed_ = true; }
  int name() const noexcept { return name_; }

  /// Parcels that exist.
  static std::size_t count() noexcept { return count_; }

private:
  static inline std::size_t count_ = 0;

  std::size_t bytes_;
  int name_;
  bool handed_ = false;
};

using test_parcel_ptr = std::shared_ptr<test_parcel>;

inline test_parcel_ptr make_parcel(std::size_t bytes, int name = 0) {
  return std::make_shared<test_parcel>(bytes, name);
}

} // namespace clearance::test
