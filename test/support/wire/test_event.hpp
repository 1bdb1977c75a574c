/// An event for the store of undelivered events. The test decides when a client
/// was handed it.
#pragma once

#include "protocol/hub/authorisation.hpp"

#include <cstddef>
#include <memory>

namespace clearance::test {

class test_event : public protocol::undelivered_event {
public:
  explicit test_event(std::size_t bytes, int name = 0) noexcept
      : bytes_(bytes), name_(name) {
    ++count_;
  }
  ~test_event() override { --count_; }
  test_event(const test_event&) = delete;
  test_event& operator=(const test_event&) = delete;

  std::size_t bytes() const noexcept override { return bytes_; }
  bool handed() const noexcept override { return handed_; }

  void hand() noexcept { handed_ = true; }
  int name() const noexcept { return name_; }

  /// The number of events that exist.
  static std::size_t count() noexcept { return count_; }

private:
  static inline std::size_t count_ = 0;

  std::size_t bytes_;
  int name_;
  bool handed_ = false;
};

using test_event_ptr = std::shared_ptr<test_event>;

inline test_event_ptr make_event(std::size_t bytes, int name = 0) {
  return std::make_shared<test_event>(bytes, name);
}

} // namespace clearance::test
