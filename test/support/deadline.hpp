/// The hang guard: it ends a test that waits for an event which never comes.
/// It measures nothing, and no test passes because of it.
#pragma once

#include <chrono>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

namespace clearance::test {

/// Longer than the longest time limit of the programs (12 s). So a program that
/// ends something at its own limit is never reported as hanging.
inline constexpr std::chrono::seconds hang_guard{20};

/// Thrown when the time is over. doctest shows it and fails the test.
class hung : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws std::system_error with the text of errno.
[[noreturn]] void fail_with_errno(const std::string& what);

class deadline {
public:
  explicit deadline(std::chrono::milliseconds guard = hang_guard);

  /// Returns when `fd` shows one of `events` (poll's), an error or a hang-up.
  void await(int fd, short events, std::string_view what) const;

  /// Waits for a moment, or until one of `fds` is readable. Use it to ask again
  /// for facts that the kernel has no event for, such as files in /proc.
  void pace(std::string_view what, std::initializer_list<int> fds = {}) const;

private:
  int left_ms(std::string_view what) const;

  std::chrono::steady_clock::time_point end_;
};

} // namespace clearance::test
