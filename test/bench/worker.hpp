/// A part of the load in a process of its own.
#pragma once

#include "test/support/files/unique_fd.hpp"

#include <functional>
#include <string>
#include <sys/types.h>

namespace clearance::bench {

/// Forks and runs `work` there; what it throws is told on stderr. Killed with
/// its owner when it was not awaited.
class worker {
public:
  worker(std::string name, const std::function<void()>& work);
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  /// Throws when it failed, or does not end in a time that no load needs.
  void wait();

private:
  std::string name_;
  pid_t pid_;
  test::unique_fd pidfd_;
};

/// Wakes another process: an eventfd.
class signal_fd {
public:
  signal_fd();
  void raise() const;
  void await() const;

private:
  test::unique_fd fd_;
};

} // namespace clearance::bench
