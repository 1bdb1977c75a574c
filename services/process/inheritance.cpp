#include "services/process/inheritance.hpp"

#include "protocol/text/error_text.hpp"
#include "services/process/setup_fault.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <pthread.h>
#include <sstream>
#include <string_view>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace clearance::services {

namespace {

// Of each thread. To start a program takes 64 KiB of the stack; a build with a
// sanitizer takes several times as much.
constexpr std::size_t stack_bytes = 2 * 1024 * 1024;

void settle_signals(early_hangup hangup) {
  sigset_t blocked;
  sigemptyset(&blocked);
  if (hangup == early_hangup::waits)
    sigaddset(&blocked, SIGHUP);
  pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL); // ignored, it tells no child's exit code
}

// The C library gives every thread a stack of RLIMIT_STACK bytes. With a low
// limit a buffer does not fit; with a high limit one stack uses up RLIMIT_AS.
void settle_stacks() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < stack_bytes) {
    limit.rlim_cur = std::min<rlim_t>(stack_bytes, limit.rlim_max);
    ::setrlimit(RLIMIT_STACK, &limit);
  }
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0)
    return;
  ::pthread_attr_setstacksize(&attributes, stack_bytes);
  ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
}

std::optional<std::string> text_of(const char* path) {
  std::ifstream in{path};
  if (!in)
    return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

uid_t overflow_uid() {
  std::istringstream in{text_of("/proc/sys/kernel/overflowuid").value_or("")};
  uid_t result = 0;
  return in >> result ? result : 65534; // the kernel's own
}

// systemd's variables name the process they are meant for.
void rename_environment(const char* name) {
  const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
  if (value != nullptr && std::string_view{value} == "1")
    // There is one thread. NOLINTNEXTLINE(concurrency-mt-unsafe)
    ::setenv(name, std::to_string(::getpid()).c_str(), 1);
}

// Every signal is blocked. Returns when the child has ended: its exit code, as
// a shell reports it.
int attend(pid_t child) {
  sigset_t all;
  sigfillset(&all);
  for (;;) {
    int signal = 0;
    if (sigwait(&all, &signal) != 0)
      continue;
    if (signal != SIGCHLD) {
      for (int each : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1})
        if (signal == each)
          ::kill(child, signal);
      continue;
    }
    int status = 0;
    pid_t ended = 0;
    while ((ended = ::waitpid(-1, &status, WNOHANG)) > 0)
      if (ended == child)
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
}

} // namespace

std::string user_fault(uid_t uid, uid_t overflow_uid,
                       const std::optional<std::string>& uid_map) {
  if (uid != overflow_uid || !uid_map)
    return {};
  std::istringstream in{*uid_map};
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  const bool maps_everybody =
      in >> inside >> outside >> count && inside == 0 && count == 0xffffffff;
  if (maps_everybody)
    return {};
  return "uid " + std::to_string(uid)
         + " stands for every user that this user namespace has no number "
           "for, so that strangers could not be told from us; map this user to "
           "another uid (unshare --map-root-user, podman --userns=keep-id)";
}

void settle_inheritance(int cannot_start, early_hangup hangup) {
  settle_signals(hangup);
  settle_stacks();
  const auto why =
      user_fault(::getuid(), overflow_uid(), text_of("/proc/self/uid_map"));
  if (!why.empty())
    throw setup_fault(cannot_start, why);
}

void leave_process_1(int cannot_start) {
  if (::getpid() != 1)
    return;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto child = ::fork();
  if (child < 0)
    throw setup_fault(cannot_start, "process 1 cannot start a child: "
                                        + protocol::error_text(errno));
  if (child > 0) {
    // The child serves the sockets that were passed.
    ::closefrom(STDERR_FILENO + 1);
    ::_exit(attend(child));
  }
  // The parent passes a terminal's Ctrl-C on. In the parent's group the child
  // would get the signal twice, and the second one would end it at once.
  ::setpgid(0, 0);
  for (const char* name : {"LISTEN_PID", "WATCHDOG_PID"})
    rename_environment(name);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

} // namespace clearance::services
