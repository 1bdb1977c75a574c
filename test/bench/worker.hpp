/// Runs a part of the load in another process.
#pragma once

#include "test/support/files/unique_fd.hpp"

#include <functional>
#include <string>
#include <sys/types.h>

namespace clearance::bench {

/// Forks and runs `work` there. An exception is printed on stderr. The
/// destructor kills the process if its end was not awaited.
class worker {
public:
  worker(std::string name, const std::function<void()>& work);
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  /// Waits for its end. Throws if it failed or if it does not end in time.
  void wait();

private:
  std::string name_;
  pid_t pid_;
  test::unique_fd pidfd_;
};

/// Wakes another process by an eventfd.
class signal_fd {
public:
  signal_fd();
  void raise() const;
  void await() const;

private:
  test::unique_fd fd_;
};

} // namespace clearance::bench
