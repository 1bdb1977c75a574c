// `terok-guard run`: a command in namespaces of its own, behind the firewall.
//
// Four processes of ours: this one, which waits and passes signals on; the
// reader; the container's first process (container_init.cpp); and COMMAND.
// Beside them run pasta and, if there was no hub, a hub. When this process is
// killed, the kernel ends all of them: COMMAND never runs without its firewall.

#include "actors/io/base/small_file.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/guard/rules.hpp"
#include "protocol/guard/unix_sockets.hpp"
#include "protocol/operator/name.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/container_init.hpp"
#include "services/guard/descriptor_passing.hpp"
#include "services/guard/forwarder.hpp"
#include "services/guard/guard.hpp"
#include "services/guard/guarding.hpp"
#include "services/guard/hidden_paths.hpp"
#include "services/guard/hold_keeper.hpp"
#include "services/guard/name_server.hpp"
#include "services/guard/outside_program.hpp"
#include "services/guard/own_hub.hpp"
#include "services/guard/pasta.hpp"
#include "services/guard/plain_user.hpp"
#include "services/guard/private_link.hpp"
#include "services/guard/say.hpp"
#include "services/guard/socket_search.hpp"
#include "services/guard/state_store.hpp"
#include "services/guard/targets.hpp"
#include "services/process/setup_fault.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <fcntl.h>
#include <functional>
#include <iterator>
#include <optional>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace clearance::services {

namespace {

using protocol::guard_state;

[[noreturn]] void fail_run(const std::string& why) {
  throw setup_fault(exit_run_failed, why);
}

// 12 hexadecimal digits, as the short id of a container.
std::string made_up_name() {
  std::array<unsigned char, 6> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0)
      != static_cast<ssize_t>(bytes.size()))
    fail_run("no random number: " + error_text(errno));
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (const unsigned x : bytes) {
    result += digits[x >> 4];
    result += digits[x & 15];
  }
  return result;
}

// COMMAND gets them from the first process, except those that the terminal
// sends to everybody.
io::unique_fd block_passed_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int x : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2})
    ::sigaddset(&set, x);
  ::pthread_sigmask(SIG_SETMASK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  io::unique_fd fd{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!fd)
    fail_run("signals: " + error_text(errno));
  return fd;
}

// All that can be found: the kernel's list has not the present names of all.
std::vector<std::string> sockets_of_machine() {
  const io::unique_fd fd{::open("/proc/self/net/unix", O_RDONLY | O_CLOEXEC)};
  constexpr auto max = protocol::guard_limits::socket_list_max_bytes;
  const auto text = io::read_up_to(fd.get(), max);
  const auto* list = std::get_if<std::string>(&text);
  if (list == nullptr || list->size() > max)
    fail_run("the machine's unix sockets cannot be listed, so they cannot be"
             " hidden from COMMAND");
  auto result = protocol::reachable_sockets(*list);
  auto more = search_sockets(home_directory());
  result.insert(result.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

// What is allowed from the start. With a forwarder a name stays a name.
guard_state first_state(const guard_run& call, bool forwarder) {
  guard_state result;
  result.forwarder = forwarder;
  for (const auto& word : call.open) {
    const auto name = protocol::parse_name_pattern(word);
    if (name && forwarder) {
      result.names.insert(to_string(*name));
      continue;
    }
    const auto found = targets_of(word);
    if (const auto* why = std::get_if<std::string>(&found))
      fail_run(*why);
    for (const auto& x : std::get<std::vector<protocol::ip_range>>(found))
      if (set_target(result, x, true, false)
          == protocol::target_change::too_many)
        fail_run("too much is opened at once");
  }
  if (result.names.size() > protocol::guard_limits::state_max_names)
    fail_run("too many names are opened at once");
  return result;
}

// The container's name server. Nothing: it has none, and that is said unless it
// is meant.
std::optional<name_server>
name_server_for(const guard_run& call,
                const std::optional<guarded_process>& neighbour) {
  if (neighbour && call.dns.empty())
    return std::nullopt;
  auto found = find_name_server(call.dns);
  const auto* server = std::get_if<name_server>(&found);
  const auto try_it = [server]() -> work_result {
    return connect_udp(*server)
               ? work_result{}
               : work_result{
                   "the name server cannot be used: " + error_text(errno), {}};
  };
  const auto fault = server == nullptr ? std::get<std::string>(found)
                     : neighbour ? work_in_namespaces(*neighbour, try_it).fault
                                 : try_it().fault;
  if (fault.empty())
    return *server;
  if (!call.dns.empty())
    fail_run(fault);
  say("names cannot be resolved: " + fault);
  return std::nullopt;
}

// Two ends of a channel for messages.
std::pair<io::unique_fd, io::unique_fd> make_channel() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    fail_run("no sockets: " + error_text(errno));
  return {io::unique_fd{ends[0]}, io::unique_fd{ends[1]}};
}

guarded_process opened(pid_t pid) {
  auto result = open_process(pid);
  if (const auto* why = std::get_if<std::string>(&result))
    fail_run("process " + std::to_string(pid) + ' ' + *why);
  return std::move(std::get<guarded_process>(result));
}

// A reader that is killed or fails is missed by the hub; the firewall stays.
[[noreturn]] void be_block_reader(const reader_config& config, pid_t guard) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != guard)
    ::_exit(1);
  ::setpgid(0, 0); // Ctrl-C is for COMMAND
  try {
    const auto signals = block_stop_signals();
    give_up_rights(config.hub, {states_rule()});
    ::_exit(block_reader(config).run(signals.get()) == reader_end::failed ? 1
                                                                          : 0);
  } catch (const std::exception& e) {
    say(std::string{"the reader ended, nobody is told of blocks: "} + e.what());
  }
  ::_exit(1);
}

// It tells the hub of the container's end, and then ends itself.
class reader_process {
public:
  explicit reader_process(const reader_config& config) {
    const auto guard = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0)
      be_block_reader(config, guard);
    if (pid_ < 0)
      fail_run("no reader: " + error_text(errno));
    pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  }
  reader_process(const reader_process&) = delete;
  reader_process& operator=(const reader_process&) = delete;

  /// Waits for its end.
  ~reader_process() {
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
      // nop
    }
  }

  int pidfd() const noexcept { return pidfd_.get(); }

private:
  pid_t pid_ = -1;
  io::unique_fd pidfd_;
};

void pass_on(int signals, int pidfd, bool shares_group) {
  signalfd_siginfo x{};
  // Those of the terminal reach COMMAND by itself if it shares our group.
  while (::read(signals, &x, sizeof x) == static_cast<ssize_t>(sizeof x))
    if (!shares_group || x.ssi_code != SI_KERNEL)
      ::syscall(SYS_pidfd_send_signal, pidfd, static_cast<int>(x.ssi_signo),
                nullptr, 0U);
}

// A process beside COMMAND, and what COMMAND lacks when it has ended.
struct companion {
  int pidfd = -1;
  std::function<std::string()> loss;
};

// A signal that comes while the container is made, such as Ctrl-C, is an end.
// 0: none came.
int early_signal(int signals) {
  signalfd_siginfo x{};
  return ::read(signals, &x, sizeof x) == static_cast<ssize_t>(sizeof x)
             ? static_cast<int>(x.ssi_signo)
             : 0;
}

void await_end(int signals, int pidfd, container& inside, terminal_job& job,
               run_hub& hub, std::array<companion, 2> companions) {
  constexpr std::size_t own = 4;
  for (;;) {
    std::array<pollfd, own + companions.size()> entries{
        {{signals, POLLIN, 0},
         {pidfd, POLLIN, 0},
         {inside.stops(), POLLIN, 0},
         {hub.pidfd(), POLLIN, 0}}};
    for (std::size_t i = 0; i < companions.size(); ++i)
      entries[own + i] = {companions[i].pidfd, POLLIN, 0};
    if (::poll(entries.data(), entries.size(), -1) < 0)
      continue;
    if (entries[0].revents != 0)
      pass_on(signals, pidfd, job.shares_group());
    if (entries[1].revents != 0)
      return;
    if (entries[2].revents != 0 && inside.has_stopped())
      job.stop_and_resume(inside.pid());
    if (entries[3].revents != 0)
      hub.replace();
    for (std::size_t i = 0; i < companions.size(); ++i)
      if (entries[own + i].revents != 0) {
        say(companions[i].loss());
        companions[i].pidfd = -1;
      }
  }
}

// The state of the container, for as long as this object lives.
class saved_state {
public:
  saved_state(guard_state state, const std::string& name,
              const guarded_process& process)
      : name_(name) {
    const state_store store(state_directory());
    auto all = state_for(store, name, {}, process);
    all.allowed = std::move(state.allowed);
    all.forwarder = state.forwarder;
    all.names = std::move(state.names);
    store.save(all);
  }
  saved_state(const saved_state&) = delete;
  saved_state& operator=(const saved_state&) = delete;
  ~saved_state() {
    try {
      leave_state(name_, reader_end::container_exited);
    } catch (const std::exception& e) {
      say(std::string{"the state was not removed: "} + e.what());
    }
  }

private:
  std::string name_;
};

int run(const guard_run& call) {
  require_descriptors();
  become_plain_user();
  warn_if_replaceable(own_program());
  const auto signals = block_passed_signals();
  const auto hub_socket = socket_of_hub(call.hub, guard_emit::socket);
  const auto name = call.container.empty() ? made_up_name() : call.container;
  refuse_guarded(state_store(state_directory()), name);
  std::optional<guarded_process> neighbour;
  if (call.neighbour != 0)
    neighbour = opened(call.neighbour);
  const auto pasta_path = neighbour ? std::string{} : find_pasta();
  const auto server = name_server_for(call, neighbour);
  auto state = first_state(call, server.has_value());

  terminal_job job;
  container_plan plan;
  plan.command = call.command;
  plan.job = &job;
  plan.rules = protocol::table_texts(state, protocol::old_table::none);
  plan.below = neighbour ? &*neighbour : nullptr;
  plan.hub = hub_socket;
  plan.forwarder = server.has_value();
  std::optional<reader_process> reader; // ends after the container
  container inside(plan);
  const auto process = opened(inside.pid());
  // pasta needs longer than anything else here, so it starts first.
  pasta_program pasta =
      neighbour ? pasta_program{}
                : pasta_program(pasta_path, inside.pid(), state_directory());
  const auto sockets = sockets_of_machine(); // the firewall is loaded meanwhile
  inside.await_firewall();
  inside.hide(sockets);
  const saved_state saved(std::move(state), name, process);
  std::optional<private_link> link;
  if (neighbour)
    link.emplace(process, *neighbour);
  run_hub hub(plan.hub, state_directory());
  if (call.hub.empty())
    hub.ensure();

  reader_config config;
  auto labels = make_channel();
  if (server) {
    start_forwarder({&inside.dns_sockets(), *server, labels.second.get(), name},
                    neighbour ? &*neighbour : nullptr);
    config.labels = labels.first.get();
  }
  labels.second.reset();
  config.container = name;
  config.dossier = call.dossier;
  config.hub = plan.hub;
  config.nflog = inside.nflog();
  config.pidfd = process.pidfd.get();
  io::unique_fd keeper;
  auto ready = make_channel();
  if (call.blocked == on_block::hold) {
    keeper = start_hold_keeper(process);
    config.keeper = keeper.get();
    config.ready = ready.second.get();
  }
  reader.emplace(config);
  keeper.reset(); // the reader has it
  ready.second.reset();
  // COMMAND's first connection waits already, if a hub is there.
  if (config.ready >= 0)
    receive_with_descriptor(ready.first.get());
  pasta.await(inside.routes(), signals.get());
  say("what runs is the container " + name);
  if (const int signal = early_signal(signals.get()); signal != 0) {
    say("COMMAND was not started: signal " + std::to_string(signal) + " came");
    return 128 + signal;
  }
  inside.start_command();
  await_end(signals.get(), process.pidfd.get(), inside, job, hub,
            {{{reader->pidfd(),
               [] {
                 return std::string{
                     "the reader has ended: blocks go on, but nobody"
                     " is told of them"};
               }},
              {pasta.pidfd(), [&pasta] {
                 return "pasta has ended, COMMAND has no network any more: "
                        + pasta.last_words();
               }}}});
  const int code = inside.wait();
  job.take_terminal_back();
  link.reset();   // goes on while we wait for the reader
  reader.reset(); // the hub must run until it is told
  return code;
}

} // namespace

int run_guard_run(const guard_run& call) try {
  return run(call);
} catch (const setup_fault& e) {
  say(e.what());
  return exit_run_failed;
}

} // namespace clearance::services
