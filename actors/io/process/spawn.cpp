// posix_spawn cannot set a resource limit, and a child must get our original
// RLIMIT_NOFILE. The other ways are worse. prlimit() on the child's pid comes
// after its first instructions. Lowering our own limit for a moment makes
// open() fail on other threads. A helper program costs one exec more and hides
// the errno of the real program. So this file does what posix_spawn does: it
// makes a child that shares our memory while we are suspended (CLONE_VM |
// CLONE_VFORK), has a stack of its own and makes system calls only. The child
// has its own limits and descriptor table from the beginning, and the kernel
// returns its pidfd. All signals are blocked meanwhile, because none of our
// handlers may run in the child.

#include "actors/io/process/spawn.hpp"

#include "actors/base/sanitizers.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <memory>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

// ThreadSanitizer replaces clone() by a version that expects a child with
// memory of its own. It then marks the child, and us with it, as forked, and
// does not see this thread's locks any more. So the C library's internal name
// of the function is called.
#if CLEARANCE_THREAD_SANITIZER
extern "C" int __clone(int (*)(void*), void*, int, void*, ...) noexcept;
#define CLEARANCE_CLONE ::__clone
#else
#define CLEARANCE_CLONE ::clone
#endif

namespace clearance::io {

namespace {

/// If functions are bound lazily, the loader saves the vector registers there,
/// up to 11 KiB.
struct child_stack {
  alignas(16) std::array<std::byte, 64 * 1024> bytes;
};

// The limit belongs to the whole process, so it is remembered once for the
// process.
std::atomic<bool> limit_raised = false;
std::atomic<rlim_t> original_limit = 0;

/// Is in our memory. The child reads it and writes `error`.
struct child_plan {
  const char* program;
  char* const* argv;
  char* const* environment;
  std::array<int, 3> fds;
  bool stderr_on_3;
  pid_t killed_with; // or 0
  bool hangup_waits;
  volatile int error;
};

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (const auto& str : strings)
    result.push_back(const_cast<char*>(str.c_str())); // execve's old signature
  result.push_back(nullptr);
  return result;
}

// exec resets signals that have a handler, but leaves ignored signals ignored.
void reset_dispositions() {
  struct sigaction deflt {};
  deflt.sa_handler = SIG_DFL;
  for (int signo = 1; signo <= SIGRTMAX; ++signo)
    ::sigaction(signo, &deflt, nullptr); // fails with EINVAL for KILL and STOP
}

bool place_descriptors(std::array<int, 3> fds, bool stderr_on_3) {
  // If this process was started without stdin, one of these descriptors may be
  // 0, 1 or 2.
  for (auto& fd : fds)
    if (fd < 3 && (fd = ::fcntl(fd, F_DUPFD, 3)) < 0)
      return false;
  for (int target = 0; target < 3; ++target)
    if (::dup2(fds[static_cast<std::size_t>(target)], target) < 0)
      return false;
  if (stderr_on_3 && ::dup2(2, 3) < 0)
    return false;
  // Also descriptors that a library forgot to mark CLOEXEC.
  ::closefrom(stderr_on_3 ? 4 : 3);
  return true;
}

bool restore_limit() {
  if (!limit_raised)
    return true;
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return false;
  limit.rlim_cur = original_limit;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

bool follow_parent(pid_t parent) {
  if (parent == 0)
    return true;
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
    return false;
  if (::getppid() != parent) // the parent has ended already
    ::_exit(127);
  return true;
}

// Without the sanitizers, because it runs on a stack that AddressSanitizer does
// not know.
__attribute__((no_sanitize("address", "thread"))) int child_main(void* arg) {
  auto& plan = *static_cast<child_plan*>(arg);
  reset_dispositions();
  sigset_t blocked;
  ::sigemptyset(&blocked);
  if (plan.hangup_waits)
    ::sigaddset(&blocked, SIGHUP);
  if (::setpgid(0, 0) == 0 && follow_parent(plan.killed_with)
      && place_descriptors(plan.fds, plan.stderr_on_3)
      && restore_limit()
      // This process has one thread. NOLINTNEXTLINE(concurrency-mt-unsafe)
      && ::sigprocmask(SIG_SETMASK, &blocked, nullptr) == 0)
    ::execve(plan.program, plan.argv, plan.environment);
  plan.error = errno;
  ::_exit(127);
}

} // namespace

spawn_result spawn(const spawn_plan& plan) {
  auto argv = pointers(plan.argv);
  auto environment = pointers(plan.environment);
  child_plan child{
      plan.program.c_str(), argv.data(),
      environment.data(),   {plan.stdin_fd, plan.stdout_fd, plan.stderr_fd},
      plan.stderr_on_3,     plan.dies_with_us ? ::getpid() : 0,
      plan.hangup_waits,    0};
  // Not on our stack: an application's thread may have a small one.
  const auto stack = std::make_unique_for_overwrite<child_stack>();
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  int pidfd = -1;
  auto pid = CLEARANCE_CLONE(
      child_main, stack->bytes.data() + stack->bytes.size(),
      CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child, &pidfd);
  auto error = pid < 0 ? errno : child.error;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  spawn_result result;
  result.error = error;
  result.pidfd.reset(pidfd);
  if (pid >= 0 && error != 0) {
    // The child is exiting, so this does not wait long.
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR)
      continue;
    result.pidfd.reset();
  } else if (pid >= 0) {
    result.pid = pid;
  }
  return result;
}

bool raise_descriptor_limit() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return false;
  auto before = limit.rlim_cur;
  if (before == limit.rlim_max)
    return true;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
    return false;
  original_limit = before;
  limit_raised = true;
  return true;
}

} // namespace clearance::io
