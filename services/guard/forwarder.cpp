#include "services/guard/forwarder.hpp"

#include "protocol/guard/dns_answer.hpp"
#include "protocol/guard/dns_relay.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/guard/name_labels.hpp"
#include "protocol/guard/rules.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/container_init.hpp"
#include "services/guard/firewall.hpp"
#include "services/guard/say.hpp"
#include "services/guard/state_store.hpp"
#include "services/process/setup_fault.hpp"
#include "services/sandbox/landlock.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace clearance::services {

namespace {

namespace limits = protocol::guard_limits;

constexpr std::uint16_t dns_port = 53;

io::unique_fd udp_socket(int family) {
  return io::unique_fd{::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
}

sockaddr_in loopback_dns() {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(dns_port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

// The first name server of /etc/resolv.conf.
struct name_server {
  sockaddr_storage at{};
  socklen_t size = 0;
};

name_server machines_server() {
  name_server result;
  struct __res_state state {};
  if (::res_ninit(&state) != 0)
    return result;
  if (state.nscount > 0 && state.nsaddr_list[0].sin_family == AF_INET) {
    result.size = sizeof(sockaddr_in);
    std::memcpy(&result.at, state.nsaddr_list, result.size);
  } else if (state._u._ext.nscount > 0 && state._u._ext.nsaddrs[0] != nullptr) {
    result.size = sizeof(sockaddr_in6);
    std::memcpy(&result.at, state._u._ext.nsaddrs[0], result.size);
  }
  ::res_nclose(&state);
  return result;
}

name_server server_at(const std::string& address) {
  name_server result;
  sockaddr_in v4 = loopback_dns();
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(dns_port);
  if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    result.size = sizeof v4;
    std::memcpy(&result.at, &v4, sizeof v4);
  } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    result.size = sizeof v6;
    std::memcpy(&result.at, &v6, sizeof v6);
  }
  return result;
}

class dns_forwarder {
public:
  explicit dns_forwarder(const forwarder_config& config) : config_(config) {
    read_state();
  }

  [[noreturn]] void run() {
    for (;;) {
      std::array<pollfd, 2> entries{
          {{config_.listener, POLLIN, 0}, {config_.upstream, POLLIN, 0}}};
      if (::poll(entries.data(), entries.size(), -1) < 0)
        continue;
      if (entries[0].revents != 0)
        take_query();
      if (entries[1].revents != 0)
        take_answer();
    }
  }

private:
  void take_query() {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const auto n =
        ::recvfrom(config_.listener, bytes_.data(), bytes_.size(), MSG_DONTWAIT,
                   reinterpret_cast<sockaddr*>(&from), &size);
    if (n <= 0 || from.sin_family != AF_INET)
      return;
    protocol::dns_asker who;
    std::memcpy(who.address.data(), &from.sin_addr, who.address.size());
    who.port = ntohs(from.sin_port);
    const auto query =
        relay_.ask({bytes_.data(), static_cast<std::size_t>(n)}, who,
                   random_dns_id(), std::chrono::steady_clock::now());
    // A server that is away says so by an error here; the program asks again.
    if (query)
      ::send(config_.upstream, query->data(), query->size(), MSG_NOSIGNAL);
  }

  void take_answer() {
    const auto n =
        ::recv(config_.upstream, bytes_.data(), bytes_.size(), MSG_DONTWAIT);
    if (n <= 0)
      return;
    const auto reply =
        relay_.answer({bytes_.data(), static_cast<std::size_t>(n)},
                      std::chrono::steady_clock::now());
    if (!reply)
      return;
    read_state();
    if (const auto answer = protocol::parse_dns_answer(reply->message)) {
      open_addresses(*answer);
      labels_.add(*answer);
      // The reader may be behind; then a block has no name.
      ::send(config_.labels, reply->message.data(), reply->message.size(),
             MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    sockaddr_in to = loopback_dns();
    std::memcpy(&to.sin_addr, reply->to.address.data(),
                reply->to.address.size());
    to.sin_port = htons(reply->to.port);
    ::sendto(config_.listener, reply->message.data(), reply->message.size(),
             MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }

  // The state is one file that is replaced as a whole.
  void read_state() {
    const auto path = state_path(config_.container);
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0
        || (info.st_ino == file_.st_ino
            && info.st_mtim.tv_sec == file_.st_mtim.tv_sec
            && info.st_mtim.tv_nsec == file_.st_mtim.tv_nsec))
      return;
    auto state = read_state_file(path);
    auto* read = std::get_if<protocol::guard_state>(&state);
    if (read == nullptr)
      return;
    file_ = info;
    const bool more = read->names != state_.names;
    state_ = std::move(*read);
    if (more)
      open_known_addresses();
  }

  // A program may go on with an address that it has had before its name was
  // allowed.
  void open_known_addresses() {
    std::vector<protocol::dns_address> found;
    labels_.each([&](const protocol::ip_address& x, const std::string& name) {
      if (protocol::is_allowed_name(state_, name))
        found.push_back({x, 0});
    });
    open(found);
  }

  void open_addresses(const protocol::dns_answer& x) {
    if (protocol::is_allowed_name(state_, x.name))
      open(x.addresses);
  }

  void open(const std::vector<protocol::dns_address>& all) {
    const auto commands = protocol::named_addresses_text(all);
    if (commands.empty())
      return;
    if (const auto why = firewall_.change(commands); !why.empty())
      say("addresses of an allowed name stay closed: " + why);
  }

  forwarder_config config_;
  protocol::dns_relay relay_;
  protocol::name_labels labels_;
  protocol::guard_state state_;
  struct stat file_ {};
  firewall firewall_;
  std::array<char, limits::dns_message_max_bytes> bytes_{};
};

[[noreturn]] void be_forwarder(const forwarder_config& config,
                               const guarded_process& where, pid_t guard) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0); // Ctrl-C is for COMMAND
  ::signal(SIGPIPE, SIG_IGN);
  try {
    // From here on it has power over the container's network alone.
    if (auto why = enter_namespaces(where); !why.empty())
      throw setup_fault(exit_run_failed, why);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // entering may have cleared it
    if (::getppid() != guard)
      ::_exit(1);
    // It loads libnftables, so it comes before the sandbox.
    dns_forwarder forwarder(config);
    try {
      restrict_files({{state_directory(), path_access::read, true}});
    } catch (const std::system_error& e) {
      say(std::string{"Landlock failed, the DNS forwarder can open all files:"
                      " "}
          + e.what());
    }
    forwarder.run();
  } catch (const std::exception& e) {
    say(std::string{"the DNS forwarder ended, no name is resolved: "}
        + e.what());
  }
  ::_exit(1);
}

} // namespace

std::uint16_t random_dns_id() {
  std::uint16_t id = 0;
  // Blocks at most once after the machine's start.
  (void)!::getrandom(&id, sizeof id, 0);
  return id;
}

io::unique_fd open_dns_listener() {
  auto fd = udp_socket(AF_INET);
  const auto at = loopback_dns();
  if (fd
      && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at)
             != 0)
    fd.reset();
  return fd;
}

std::variant<io::unique_fd, std::string>
open_dns_upstream(const std::string& address) {
  const auto server = address.empty() ? machines_server() : server_at(address);
  if (server.size == 0)
    return "this machine has no name server: name one with --dns";
  auto fd = udp_socket(server.at.ss_family);
  if (!fd
      || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&server.at),
                   server.size)
             != 0)
    return "the name server cannot be used: " + error_text(errno);
  return fd;
}

pid_t start_forwarder(const forwarder_config& config,
                      const guarded_process& where) {
  const auto guard = ::getpid();
  const auto pid = ::fork();
  if (pid == 0)
    be_forwarder(config, where, guard);
  if (pid < 0)
    throw setup_fault(exit_run_failed,
                      "no DNS forwarder: " + error_text(errno));
  return pid;
}

} // namespace clearance::services
