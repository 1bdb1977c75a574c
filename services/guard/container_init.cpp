// The order is the security of `run`; each step needs those before it.
//
//   1. The guard makes user, network, mount, IPC and pid namespaces. The user
//      has his own number in them: as user 0 COMMAND would get capabilities
//      with each program that it executes.
//   2. The first process loads the firewall and opens the NFLOG socket. Then
//      the guard connects the container to a network; nothing is there that
//      could use it.
//   3. Meanwhile the first process hides what leads out of the container
//      (hidden_paths): directories, and then the sockets that the guard has
//      found by then.
//   4. COMMAND's process makes one more user namespace. It has no power over
//      the network namespace, whatever it does: that one belongs to the user
//      namespace above.
//   5. It gives up all capabilities, also for later, and some system calls
//      (command_rights), and waits. The first process gives up its
//      capabilities, too, and waits for the guard's word.
//   6. Only then COMMAND is executed. The first process only passes signals on.
//
// Without the pid namespace COMMAND would send signals to the guard.

#include "services/guard/container_init.hpp"

#include "protocol/text/text.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/command_rights.hpp"
#include "services/guard/descriptor_passing.hpp"
#include "services/guard/forwarder.hpp"
#include "services/guard/guarding.hpp"
#include "services/guard/hidden_paths.hpp"
#include "services/guard/say.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/setup_fault.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace clearance::services {

namespace {

// The signals that the first process hands on to COMMAND.
constexpr int passed_signals[] = {SIGTERM, SIGINT,  SIGHUP,
                                  SIGQUIT, SIGUSR1, SIGUSR2};

struct user_numbers {
  uid_t uid = ::getuid();
  gid_t gid = ::getgid();
};

std::string with_errno(const std::string& what) {
  return what + ": " + error_text(errno);
}

std::string namespaces_fault() {
  const int error = errno;
  std::string why =
      "the container's namespaces cannot be made: " + error_text(error);
  if (error == ENOSPC)
    why += "; " + namespace_limit_text();
  else if (error == EPERM || error == EACCES)
    why += "; the system forbids it: look at the sysctls"
           " kernel.apparmor_restrict_unprivileged_userns and"
           " kernel.unprivileged_userns_clone, and in a container at its"
           " seccomp profile";
  return why;
}

// A new IPv6 address waits for a second until it is known to be no other's. A
// kernel without IPv6 has no such files.
void skip_address_detection() {
  for (const std::string which : {"all", "default"})
    write_file(("/proc/sys/net/ipv6/conf/" + which + "/accept_dad").c_str(),
               "0");
}

std::string bring_up_loopback() {
  const io::unique_fd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0)
    return with_errno("the loopback device cannot be used");
  return {};
}

io::unique_fd watch_routes() {
  io::unique_fd fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                            NETLINK_ROUTE)};
  sockaddr_nl at{};
  at.nl_family = AF_NETLINK;
  at.nl_groups = RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  if (fd
      && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at)
             != 0)
    fd.reset();
  return fd;
}

sigset_t set_of_passed_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int x : passed_signals)
    ::sigaddset(&set, x);
  ::sigaddset(&set, SIGCHLD);
  ::sigaddset(&set, terminal_job::resume_signal());
  return set;
}

// Steps 4 to 6, and what COMMAND may expect of its start. `gate` is readable
// when it may start, and ends if it may not.
[[noreturn]] void be_command(const container_plan& plan,
                             const user_numbers& user, int gate) {
  if (auto why =
          give_up_command_rights(user.uid, user.gid, plan.job->shares_group());
      !why.empty()) {
    say("COMMAND does not start: " + why);
    ::_exit(exit_run_failed);
  }
  if (char word = 0; ::read(gate, &word, 1) != 1)
    ::_exit(exit_run_failed);
  plan.job->lead_own_group();
  // A descriptor that was handed to us may be a connection.
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  for (const int x : {SIGPIPE, SIGXFSZ})
    ::signal(x, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  std::vector<char*> words;
  for (const auto& x : plan.command)
    words.push_back(const_cast<char*>(x.c_str()));
  words.push_back(nullptr);
  ::execvp(words.front(), words.data());
  const int error = errno;
  say("cannot execute " + protocol::escaped(plan.command.front()) + ": "
      + error_text(error));
  ::_exit(error == ENOENT ? exit_not_found : exit_cannot_execute);
}

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Reaps what ends, until COMMAND does. The exit of this process ends all that
// still runs in the container. If COMMAND stops, the guard is told.
[[noreturn]] void be_first_process(pid_t command, const sigset_t& signals,
                                   int channel, const terminal_job& job) {
  for (;;) {
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&signals, &info);
    if (signal == terminal_job::resume_signal()) {
      // The number of a sender outside of the container is 0 here.
      if (info.si_pid == 0 && info.si_code == SI_QUEUE && job.terminal() >= 0)
        job.resume(command, info.si_value.sival_int == 1);
      continue;
    }
    if (signal != SIGCHLD) {
      // Those of a terminal have reached COMMAND, too.
      if (signal > 0 && info.si_code != SI_KERNEL)
        ::kill(command, signal);
      continue;
    }
    int status = 0;
    for (;;) {
      const auto pid = ::waitpid(-1, &status, WNOHANG | WUNTRACED);
      if (pid == command && !WIFSTOPPED(status))
        ::_exit(code_of(status));
      if (pid == command && job.terminal() >= 0)
        send_with_descriptor(channel, "stopped", -1);
      if (pid <= 0)
        break;
    }
  }
}

// The next word of the guard. It has died, or gave up, if nothing comes.
std::string receive_word(int channel) {
  auto word = receive_with_descriptor(channel).text;
  if (word.empty())
    ::_exit(exit_run_failed);
  return word;
}

constexpr std::string_view last_socket = ".";

// Absolute paths, and then last_socket.
std::vector<std::string> receive_sockets(int channel) {
  std::vector<std::string> result;
  for (auto word = receive_word(channel); word != last_socket;
       word = receive_word(channel))
    result.push_back(std::move(word));
  return result;
}

// The whole life of the container's first process.
[[noreturn]] void be_container(int channel, const container_plan& plan,
                               const user_numbers& inside,
                               const user_numbers& outside) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::string fault;
  if (map_user(inside.uid, outside.uid, inside.gid, outside.gid)) {
    skip_address_detection();
    fault = bring_up_loopback();
  } else {
    fault = namespaces_fault();
  }
  if (!send_with_descriptor(channel, '.' + fault, watch_routes().get())
      || !fault.empty())
    ::_exit(exit_run_failed);
  auto ready = load_and_open(plan.rules);
  if (!send_with_descriptor(channel, '.' + ready.fault, ready.fd.get())
      || !ready.fault.empty())
    ::_exit(exit_run_failed);
  if (plan.forwarder) {
    const auto sockets = open_forwarder_sockets();
    for (const auto* fd : {&sockets.udp, &sockets.tcp, &sockets.rules})
      send_with_descriptor(channel, ".", fd->get());
  }
  ready.fd.reset();
  fault = hide_directories(plan.hub, inside.uid, plan.forwarder);
  const auto signals = set_of_passed_signals();
  ::pthread_sigmask(SIG_SETMASK, &signals, nullptr);
  std::array<int, 2> gate{-1, -1};
  const auto command =
      fault.empty() && ::pipe2(gate.data(), O_CLOEXEC) == 0 ? ::fork() : -1;
  if (command == 0) {
    ::close(gate[1]);
    be_command(plan, inside, gate[0]);
  }
  if (fault.empty() && command < 0)
    fault = with_errno("COMMAND has no process");
  const auto sockets = receive_sockets(channel);
  if (fault.empty())
    fault = hide_sockets(sockets);
  if (!drop_capabilities() && fault.empty())
    fault = with_errno("capabilities cannot be given up");
  receive_word(channel);
  send_with_descriptor(channel, '.' + fault, -1);
  if (!fault.empty() || ::write(gate[1], ".", 1) != 1)
    ::_exit(exit_run_failed);
  close_all_but(channel, plan.job->terminal());
  be_first_process(command, signals, channel, *plan.job);
}

// As fork(), but in new namespaces. `more`: CLONE_PARENT, for a child of our
// parent, or 0. Source: clone(2); its wrapper in the C library wants a stack.
pid_t clone_into_namespaces(unsigned long more) {
  const unsigned long flags = CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS
                              | CLONE_NEWIPC | CLONE_NEWPID | more | SIGCHLD;
#ifdef __s390x__
  return static_cast<pid_t>(::syscall(SYS_clone, nullptr, flags, 0, 0, 0));
#else
  return static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, 0, 0, 0));
#endif
}

} // namespace

container::container(const container_plan& plan)
    : has_job_(plan.job->terminal() >= 0), has_forwarder_(plan.forwarder) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw setup_fault(exit_run_failed, with_errno("no sockets"));
  channel_.reset(ends[0]);
  io::unique_fd theirs{ends[1]};
  const user_numbers inside;
  const auto work = [&]() -> work_result {
    const user_numbers outside; // in the namespace that is above
    if (plan.below != nullptr && outside.uid != inside.uid)
      return {"in the user namespace of process "
                  + std::to_string(plan.below->pid) + " you are uid "
                  + std::to_string(outside.uid) + " instead of "
                  + std::to_string(inside.uid)
                  + ": start terok-guard as the user who made the namespace, "
                    "and make the namespace with unshare --map-current-user",
              {}};
    const auto pid =
        clone_into_namespaces(plan.below == nullptr ? 0 : CLONE_PARENT);
    if (pid < 0)
      return {namespaces_fault(), {}};
    if (pid == 0) {
      channel_.reset();
      be_container(theirs.get(), plan, inside, outside);
    }
    return {{}, {}, pid};
  };
  const auto cloned =
      plan.below == nullptr ? work() : work_in_namespaces(*plan.below, work);
  theirs.reset();
  if (!cloned.fault.empty() || cloned.number <= 0)
    throw setup_fault(exit_run_failed, cloned.fault);
  pid_ = cloned.number;
  auto made = receive_with_descriptor(channel_.get());
  if (made.text != ".")
    fail_start(made.text);
  routes_ = std::move(made.fd);
}

container::~container() {
  if (pid_ > 0)
    ::kill(pid_, SIGKILL);
}

// The first process may wait for us still.
void container::fail_start(const std::string& said) {
  ::kill(pid_, SIGKILL);
  wait();
  throw setup_fault(exit_run_failed,
                    said.size() < 2
                        ? "the container's first process ended at its start"
                        : said.substr(1));
}

void container::await_firewall() {
  auto ready = receive_with_descriptor(channel_.get());
  if (!ready.fd)
    fail_start(ready.text);
  nflog_ = std::move(ready.fd);
  if (!has_forwarder_)
    return;
  for (auto* fd : {&dns_.udp, &dns_.tcp, &dns_.rules})
    *fd = receive_with_descriptor(channel_.get()).fd;
  if (!dns_.are_open())
    fail_start(".the DNS forwarder has no sockets in the container, because"
               " no more descriptors can be open or its port 53 is taken");
}

void container::hide(const std::vector<std::string>& sockets) {
  for (const auto& path : sockets)
    send_with_descriptor(channel_.get(), path, -1);
  send_with_descriptor(channel_.get(), last_socket, -1);
}

void container::start_command() {
  send_with_descriptor(channel_.get(), "go", -1);
  const auto answer = receive_with_descriptor(channel_.get());
  if (answer.text != ".")
    fail_start(answer.text);
}

int container::stops() const noexcept {
  return has_job_ ? channel_.get() : -1;
}

bool container::has_stopped() {
  has_job_ = !receive_with_descriptor(channel_.get()).text.empty();
  return has_job_;
}

int container::wait() {
  const auto pid = std::exchange(pid_, -1);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR)
      return exit_run_failed;
  return code_of(status);
}

} // namespace clearance::services
