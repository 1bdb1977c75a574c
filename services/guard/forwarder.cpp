// One process with one thread. It has three kinds of sockets: those in the
// container at which programs ask, those outside at which name servers answer
// (dns_upstream, dns_stream_client), and one to the firewall.
//
// The container's sockets were opened inside of it and handed out. The kernel
// lets this process change the firewall through such a socket because its user
// made the namespaces; it has no capability. It reads what others have sent, so
// it gives up what it does not need: capabilities, files (Landlock) and system
// calls (seccomp).

#include "services/guard/forwarder.hpp"

#include "protocol/guard/dns_answer.hpp"
#include "protocol/guard/guard_state.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/guard/name_labels.hpp"
#include "protocol/guard/set_change.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/container_init.hpp"
#include "services/guard/dns_stream_client.hpp"
#include "services/guard/dns_upstream.hpp"
#include "services/guard/firewall.hpp"
#include "services/guard/say.hpp"
#include "services/guard/state_store.hpp"
#include "services/process/setup_fault.hpp"
#include "services/process/stderr_lines.hpp"
#include "services/sandbox/landlock.hpp"
#include "services/sandbox/seccomp.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <list>
#include <netinet/in.h>
#include <poll.h>
#include <string_view>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <variant>
#include <vector>

namespace clearance::services {

namespace {

namespace limits = protocol::guard_limits;
using std::chrono::steady_clock;

constexpr std::uint16_t dns_port = 53;

sockaddr_in loopback_dns() {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(dns_port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

io::unique_fd open_at_loopback(int type) {
  io::unique_fd fd{::socket(AF_INET, type | SOCK_CLOEXEC, 0)};
  const auto at = loopback_dns();
  if (fd
      && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at)
             != 0)
    fd.reset();
  return fd;
}

class dns_forwarder {
public:
  dns_forwarder(const forwarder_config& config, int changes)
      : config_(config), changes_(changes), upstream_(config.server) {
    read_state();
  }

  [[noreturn]] void run() {
    for (;;) {
      const bool accepts = clients_.size() < limits::dns_stream_clients_max;
      std::vector<pollfd> entries{
          {config_.inside->udp.get(), POLLIN, 0},
          {changes_, POLLIN, 0},
          {accepts ? config_.inside->tcp.get() : -1, POLLIN, 0}};
      upstream_.append_to(entries);
      const auto first_client = entries.size();
      for (const auto& x : clients_)
        entries.push_back(x.entry());
      if (::poll(entries.data(), entries.size(), milliseconds_left()) < 0)
        continue;
      if (entries[1].revents != 0)
        take_changes();
      for (std::size_t i = own_entries; i < first_client; ++i)
        if (entries[i].revents != 0)
          take_answer(entries[i].fd);
      serve_clients(entries.data() + first_client);
      if (entries[0].revents != 0)
        take_query();
      if (entries[2].revents != 0)
        accept_client();
    }
  }

private:
  static constexpr std::size_t own_entries = 3;

  // Until the first client has waited too long. -1: there is none.
  int milliseconds_left() const {
    const auto first = std::min_element(clients_.begin(), clients_.end(),
                                        [](const auto& a, const auto& b) {
                                          return a.deadline() < b.deadline();
                                        });
    if (first == clients_.end())
      return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        first->deadline() - steady_clock::now());
    return static_cast<int>(
        std::max<std::chrono::milliseconds::rep>(left.count(), 0));
  }

  void take_query() {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const auto n =
        ::recvfrom(config_.inside->udp.get(), bytes_.data(), bytes_.size(),
                   MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &size);
    if (n <= 0 || from.sin_family != AF_INET)
      return;
    protocol::dns_asker who;
    std::memcpy(who.address.data(), &from.sin_addr, who.address.size());
    who.port = ntohs(from.sin_port);
    upstream_.ask({bytes_.data(), static_cast<std::size_t>(n)}, who,
                  steady_clock::now());
  }

  void take_answer(int fd) {
    const auto reply = upstream_.take_answer(fd, steady_clock::now());
    if (!reply)
      return;
    use_answer(reply->message);
    sockaddr_in to = loopback_dns();
    std::memcpy(&to.sin_addr, reply->to.address.data(),
                reply->to.address.size());
    to.sin_port = htons(reply->to.port);
    ::sendto(config_.inside->udp.get(), reply->message.data(),
             reply->message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }

  void accept_client() {
    io::unique_fd fd{::accept4(config_.inside->tcp.get(), nullptr, nullptr,
                               SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (fd)
      clients_.emplace_back(std::move(fd), config_.server, steady_clock::now());
  }

  // `entries`: one for each client.
  void serve_clients(const pollfd* entries) {
    const auto now = steady_clock::now();
    const auto on_answer = [this](const protocol::dns_relay::reply& x) {
      use_answer(x.message);
    };
    for (auto x = clients_.begin(); x != clients_.end(); ++entries) {
      const bool goes_on = entries->revents != 0 ? x->go_on(on_answer, now)
                                                 : now < x->deadline();
      x = goes_on ? std::next(x) : clients_.erase(x);
    }
  }

  // Before the program gets it: then it may connect.
  void use_answer(const std::string& message) {
    take_changes();
    const auto answer = protocol::parse_dns_answer(message);
    if (!answer)
      return;
    if (protocol::is_allowed_name(state_, answer->name))
      open(answer->addresses);
    labels_.add(*answer);
    // The reader may be behind; then a block has no name.
    ::send(config_.labels, message.data(),
           std::min(message.size(), limits::dns_message_max_bytes),
           MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  // The state is one file that is replaced as a whole, by verdicts. Those that
  // close names replace it once more after that.
  void take_changes() {
    alignas(inotify_event) std::array<char, 4096> events{};
    bool changed = false;
    while (::read(changes_, events.data(), events.size()) > 0)
      changed = true;
    if (changed)
      read_state();
  }

  // A program may go on with an address that it has had before its name was
  // allowed.
  void read_state() {
    auto state = read_state_file(state_path(config_.container));
    auto* read = std::get_if<protocol::guard_state>(&state);
    if (read == nullptr)
      return;
    state_ = std::move(*read);
    std::vector<protocol::dns_address> found;
    if (!state_.names.empty())
      labels_.each([&](const protocol::ip_address& x, const std::string& name) {
        if (protocol::is_allowed_name(state_, name))
          found.push_back({x, 0});
      });
    open(found);
  }

  void open(const std::vector<protocol::dns_address>& all) {
    if (const auto why = open_names(config_.inside->rules.get(), all);
        !why.empty())
      say("addresses of an allowed name stay closed: " + why);
  }

  forwarder_config config_;
  int changes_;
  dns_upstream upstream_;
  std::list<dns_stream_client> clients_;
  protocol::name_labels labels_;
  protocol::guard_state state_;
  std::array<char, limits::dns_message_max_bytes> bytes_{};
};

[[noreturn]] void be_forwarder(const forwarder_config& config,
                               const guarded_process* server_side,
                               pid_t guard) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0); // Ctrl-C is for COMMAND
  ::signal(SIGPIPE, SIG_IGN);
  never_wait_for_stderr();
  try {
    if (server_side != nullptr)
      if (auto why = enter_namespaces(*server_side); !why.empty())
        throw setup_fault(exit_run_failed, why);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // entering may have cleared it
    if (::getppid() != guard)
      ::_exit(1);
    const io::unique_fd changes{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    if (::inotify_add_watch(changes.get(), state_directory().c_str(),
                            IN_MOVED_TO)
        < 0)
      throw setup_fault(exit_run_failed, error_text(errno));
    try {
      restrict_files({{state_directory(), path_access::read, true}}, dns_port);
    } catch (const std::system_error& e) {
      say(std::string{"Landlock failed, the DNS forwarder can open all files:"
                      " "}
          + e.what());
    }
    if (!drop_capabilities())
      throw setup_fault(exit_run_failed, "capabilities cannot be given up: "
                                             + error_text(errno));
    if (filter_syscalls(guard_forwarder_syscalls()) == filtering::unsupported)
      say("system calls are not filtered (seccomp): the DNS forwarder can make"
          " all of them");
    dns_forwarder(config, changes.get()).run();
  } catch (const std::exception& e) {
    say(std::string{"the DNS forwarder ended, no name is resolved: "}
        + e.what());
  }
  ::_exit(1);
}

} // namespace

forwarder_sockets open_forwarder_sockets() {
  forwarder_sockets x;
  x.udp = open_at_loopback(SOCK_DGRAM);
  x.tcp = open_at_loopback(SOCK_STREAM | SOCK_NONBLOCK);
  if (x.tcp && ::listen(x.tcp.get(), limits::dns_stream_clients_max) != 0)
    x.tcp.reset();
  x.rules = open_nf_tables();
  return x;
}

pid_t start_forwarder(const forwarder_config& config,
                      const guarded_process* server_side) {
  const auto guard = ::getpid();
  const auto pid = ::fork();
  if (pid == 0)
    be_forwarder(config, server_side, guard);
  if (pid < 0)
    throw setup_fault(exit_run_failed,
                      "no DNS forwarder: " + error_text(errno));
  return pid;
}

} // namespace clearance::services
