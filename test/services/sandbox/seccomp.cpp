#include "services/sandbox/seccomp.hpp"

#include "services/sandbox/new_privileges.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <linux/sched.h>
#include <set>
#include <string>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace seccomp_tests {

using namespace clearance::services;
namespace test = clearance::test;

namespace {

using make_policy = std::function<syscall_policy()>;

const make_policy hub = hub_syscalls;
const make_policy gate = [] {
  return gate_syscalls(gate_transport::unix_socket);
};
const make_policy tcp_gate = [] { return gate_syscalls(gate_transport::tcp); };

/// A filter cannot be removed, so each attempt runs in a process of its own.
/// Returns what `f` returns there, an errno or 0; or minus the signal that
/// ended the process.
int filtered(const make_policy& policy, const std::function<int()>& f) {
  const auto pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    std::signal(SIGABRT, SIG_DFL); // without the handler of the tests
    int result = 254;
    try {
      if (forbid_new_privileges()
          && filter_syscalls(policy()) == filtering::filtered)
        result = f();
    } catch (const std::system_error& e) {
      std::fprintf(stderr, "%s\n", e.what());
      result = 253;
    }
    ::_exit(result);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

template <class... Ts>
int call(long number, Ts... xs) {
  return ::syscall(number, xs...) == -1 ? errno : 0;
}

int socket_of(int family) {
  return ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 ? errno : 0;
}

int mapped(int protection) {
  auto* p =
      ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? errno : 0;
}

/// Runs a program. Returns 0, or the errno.
int ran(const char* path) {
  const auto pid = ::fork();
  if (pid < 0)
    return errno;
  if (pid == 0) {
    ::execl(path, path, nullptr);
    ::_exit(errno);
  }
  int status = 0;
  return ::waitpid(pid, &status, 0) == pid && WIFEXITED(status)
             ? WEXITSTATUS(status)
             : 250;
}

int threaded() {
  int result = 1;
  std::thread{[&] { result = 0; }}.join();
  return result;
}

bool skip() {
  if (!test::has_seccomp())
    test::skipped("no libseccomp in this build, or no seccomp in this "
                  "kernel");
  return !test::has_seccomp();
}

void check_names(const std::vector<syscall_group>& groups) {
  // Newer than Debian 12's libseccomp (2.5.4).
  const std::set<std::string> young{"fchmodat2"};
  for (const auto& group : groups) {
    CHECK_FALSE(group.reason.empty());
    CHECK_FALSE(group.calls.empty());
    for (const auto& rule : group.calls) {
      CAPTURE(rule.name);
      CHECK((is_known_syscall(rule.name) || young.contains(rule.name)));
    }
  }
}

std::set<std::string> names(const std::vector<syscall_group>& groups) {
  std::set<std::string> result;
  for (const auto& group : groups)
    for (const auto& rule : group.calls)
      result.insert(rule.name);
  return result;
}

} // namespace

TEST_CASE("every name in the tables is that of a system call") {
  if (skip())
    return;
  for (const auto& policy : {hub(), gate(), tcp_gate()}) {
    check_names(policy.allowed);
    check_names(policy.fatal);
  }
}

TEST_CASE("what is fatal is not allowed, and clone3 and io_uring never are") {
  for (const auto& policy : {hub(), gate(), tcp_gate()}) {
    const auto allowed = names(policy.allowed);
    for (const auto& name : names(policy.fatal)) {
      CAPTURE(name);
      CHECK_FALSE(allowed.contains(name));
    }
    for (const auto* name :
         {"clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"})
      CHECK_FALSE(allowed.contains(name));
  }
}

// An attacker who has taken over the hub wants to run a program or to reach
// other files or the network. The filtered process can only talk to its
// sockets.
TEST_CASE("a filtered hub can start threads but no program") {
  if (skip())
    return;
  CHECK(filtered(hub, threaded) == 0);
  CHECK(filtered(hub, [] { return socket_of(AF_UNIX); }) == 0);
  for (const int family : {AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_ALG})
    CHECK(filtered(hub, [=] { return socket_of(family); }) == ENOSYS);
  CHECK(filtered(hub, [] { return mapped(PROT_READ | PROT_WRITE); }) == 0);
  CHECK(filtered(hub, []() -> int { std::abort(); }) == -SIGABRT);
  if (allows_sanitisers()) {
    test::skipped("half of it: a sanitiser's runtime may");
    return;
  }
  CHECK(filtered(hub,
                 [] {
                   ::execl("/bin/true", "true", nullptr);
                   return errno;
                 })
        == -SIGSYS);
  // the clone() of posix_spawn
  CHECK(filtered(hub, [] { return ran("/bin/true"); }) == ENOSYS);
  CHECK(filtered(hub, [] { return mapped(PROT_READ | PROT_EXEC); }) == ENOSYS);
  CHECK(filtered(hub, [] { return call(SYS_kill, ::getppid(), 0); }) == ENOSYS);
  CHECK(filtered(hub,
                 [] {
                   const auto parent = ::getppid();
                   return call(SYS_tgkill, parent, parent, 0);
                 })
        == ENOSYS);
}

TEST_CASE(
    "a filtered gate can run programs but not make other kinds of sockets") {
  if (skip())
    return;
  for (const auto& policy : {gate, tcp_gate}) {
    CHECK(filtered(policy, threaded) == 0);
    CHECK(filtered(policy, [] { return ran("/bin/true"); }) == 0);
    CHECK(filtered(policy, [] { return socket_of(AF_UNIX); }) == 0);
    CHECK(filtered(policy, [] { return socket_of(AF_NETLINK); }) == ENOSYS);
  }
  CHECK(filtered(gate, [] { return socket_of(AF_INET); }) == ENOSYS);
  CHECK(filtered(tcp_gate, [] { return socket_of(AF_INET); }) == 0);
  if (allows_sanitisers()) {
    test::skipped("its end: a sanitiser's runtime may clone");
    return;
  }
  CHECK(filtered(
            gate,
            [] { return call(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0); })
        == ENOSYS);
}

// Each of these is a way from one process into another, or out of a sandbox.
TEST_CASE("calls that only an intruder makes end the process") {
  if (skip())
    return;
  for (const auto& policy : {hub, gate, tcp_gate}) {
    CHECK(filtered(policy, [] { return call(SYS_unshare, CLONE_NEWUSER); })
          == -SIGSYS);
    CHECK(filtered(policy,
                   [] {
                     return call(SYS_process_vm_readv, ::getppid(), nullptr, 0,
                                 nullptr, 0, 0);
                   })
          == -SIGSYS);
    CHECK(filtered(policy, [] { return call(SYS_chroot, "/"); }) == -SIGSYS);
    if (!allows_sanitisers())
      CHECK(filtered(policy, [] { return call(SYS_ptrace, PTRACE_TRACEME); })
            == -SIGSYS);
    CHECK(filtered(policy, [] { return call(SYS_bpf, 0, nullptr, 0); })
          == -SIGSYS);
  }
}

// glibc tries clone3 first to make a thread; after EPERM it would give up.
TEST_CASE("a call that is in no table fails with ENOSYS") {
  if (skip())
    return;
  for (const auto& policy : {hub, gate, tcp_gate}) {
    CHECK(filtered(policy, [] { return call(SYS_clone3, nullptr, 0); })
          == ENOSYS);
    CHECK(filtered(policy, [] { return call(SYS_io_uring_setup, 1, nullptr); })
          == ENOSYS);
    CHECK(filtered(policy, [] { return call(1023); }) == ENOSYS);
    CHECK(filtered(policy,
                   [] {
                     char c = 'x';
                     return ::ioctl(STDIN_FILENO, TIOCSTI, &c) == 0 ? 0 : errno;
                   })
          == ENOSYS);
  }
}

TEST_CASE("a thread that starts later is filtered, too") {
  if (skip())
    return;
  CHECK(filtered(hub,
                 [] {
                   int result = 0;
                   std::thread{[&] { result = socket_of(AF_INET); }}.join();
                   return result;
                 })
        == ENOSYS);
}

} // namespace seccomp_tests
