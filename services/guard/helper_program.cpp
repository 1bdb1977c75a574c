#include "services/guard/helper_program.hpp"

#include "protocol/guard/limits.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/container_init.hpp"
#include "services/process/setup_fault.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace clearance::services {

namespace {

[[noreturn]] void be_program(const helper_spec& spec, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(1);
  ::setpgid(0, 0);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(null, STDIN_FILENO);
  ::dup2(spec.out >= 0 ? spec.out : null, STDOUT_FILENO);
  if (spec.err >= 0)
    ::dup2(spec.err, STDERR_FILENO);
  for (const int x : {SIGPIPE, SIGXFSZ})
    ::signal(x, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  // One thread, and a copy of the memory: nobody reads it meanwhile.
  for (const auto& [name, value] : spec.environment)
    ::setenv(name.c_str(), value.c_str(), 1); // NOLINT(concurrency-mt-unsafe)
  std::vector<char*> words;
  for (const auto& x : spec.words)
    words.push_back(const_cast<char*>(x.c_str()));
  words.push_back(nullptr);
  ::execv(words.front(), words.data());
  ::_exit(exit_not_found);
}

} // namespace

helper_program::helper_program(const helper_spec& spec) {
  const auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0)
    be_program(spec, parent);
  if (pid_ > 0)
    pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) {
    const auto why = error_text(errno);
    stop();
    throw setup_fault(exit_run_failed,
                      spec.words.front() + " cannot be started: " + why);
  }
}

void helper_program::abandon() noexcept {
  if (pid_ > 0)
    ::kill(pid_, SIGKILL);
  pid_ = -1;
  pidfd_.reset();
}

void helper_program::stop() noexcept {
  if (pid_ <= 0)
    return;
  ::kill(pid_, pidfd_ ? SIGTERM : SIGKILL);
  pollfd entry{pidfd_.get(), POLLIN, 0};
  constexpr auto limit = protocol::guard_limits::helper_stop;
  if (pidfd_
      && ::poll(&entry, 1,
                static_cast<int>(std::chrono::milliseconds{limit}.count()))
             != 1)
    ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    // nop
  }
  pid_ = -1;
}

} // namespace clearance::services
