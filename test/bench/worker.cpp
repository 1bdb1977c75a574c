#include "test/bench/worker.hpp"

#include "test/support/deadline.hpp"

#include <cstdint>
#include <cstdio>
#include <exception>
#include <poll.h>
#include <signal.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace clearance::bench {

namespace {

constexpr std::chrono::seconds work_guard{180};

[[noreturn]] void run(const std::string& name,
                      const std::function<void()>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    work();
    ::_exit(0);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench-hub: %s: %s\n", name.c_str(), e.what());
    ::_exit(1);
  }
}

} // namespace

worker::worker(std::string name, const std::function<void()>& work)
    : name_(std::move(name)), pid_(::fork()) {
  if (pid_ < 0)
    test::fail_with_errno("fork");
  if (pid_ == 0)
    run(name_, work);
  pidfd_ =
      test::unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
}

worker::~worker() {
  if (pid_ <= 0)
    return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void worker::wait() {
  test::deadline{work_guard}.await(pidfd_.get(), POLLIN, "the " + name_);
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  if (status != 0)
    throw std::runtime_error("the " + name_ + " failed");
}

signal_fd::signal_fd() : fd_(::eventfd(0, EFD_CLOEXEC)) {
  if (!fd_)
    test::fail_with_errno("eventfd");
}

void signal_fd::raise() const {
  const std::uint64_t one = 1;
  if (::write(fd_.get(), &one, sizeof(one)) != sizeof(one))
    test::fail_with_errno("eventfd write");
}

void signal_fd::await() const {
  std::uint64_t count = 0;
  if (::read(fd_.get(), &count, sizeof(count)) != sizeof(count))
    test::fail_with_errno("eventfd read");
}

} // namespace clearance::bench
