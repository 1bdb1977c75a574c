// The names stand in the container's state, which verdicts replace. An address
// of a name is open for guard_limits::named_min_time at least, and a name is
// looked up again before that.
#include "services/guard/name_resolver.hpp"

#include "protocol/guard/dns_answer.hpp"
#include "protocol/guard/dns_relay.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/guard/rules.hpp"
#include "protocol/operator/name.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/descriptor_passing.hpp"
#include "services/guard/firewall.hpp"
#include "services/guard/forwarder.hpp"
#include "services/guard/say.hpp"
#include "services/guard/state_store.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/setup_fault.hpp"
#include "services/sandbox/landlock.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <exception>
#include <map>
#include <poll.h>
#include <string_view>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <variant>

namespace clearance::services {

namespace {

namespace limits = protocol::guard_limits;
using std::chrono::steady_clock;

class name_resolver {
public:
  name_resolver(int channel, int upstream, int changes, std::string container)
      : channel_(channel),
        upstream_(upstream),
        changes_(changes),
        container_(std::move(container)) {
    // nop
  }

  /// Until the channel is closed.
  void run() {
    for (bool changed = true;; changed = false) {
      std::array<pollfd, 3> entries{{{changes_, POLLIN, 0},
                                     {upstream_, POLLIN, 0},
                                     {channel_, POLLIN, 0}}};
      if (!changed
          && ::poll(entries.data(), entries.size(), milliseconds_left()) < 0)
        continue;
      if (entries[2].revents != 0)
        return;
      if (changed || take_changes())
        read_names();
      if (entries[1].revents != 0)
        take_answer();
      ask_due();
    }
  }

private:
  // -1: no name is allowed.
  int milliseconds_left() const {
    const auto next = std::min_element(
        due_.begin(), due_.end(),
        [](const auto& a, const auto& b) { return a.second < b.second; });
    if (next == due_.end())
      return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        next->second - steady_clock::now());
    return static_cast<int>(
        std::max<std::chrono::milliseconds::rep>(left.count(), 0));
  }

  // Whether some state was replaced, maybe not ours.
  bool take_changes() {
    alignas(inotify_event) std::array<char, 4096> events{};
    bool result = false;
    while (::read(changes_, events.data(), events.size()) > 0)
      result = true;
    return result;
  }

  // A new name is looked up at once. Patterns cannot be looked up.
  void read_names() {
    const auto state = read_state_file(state_path(container_));
    const auto* read = std::get_if<protocol::guard_state>(&state);
    if (read == nullptr)
      return;
    std::erase_if(
        due_, [read](const auto& x) { return !read->names.contains(x.first); });
    for (const auto& name : read->names)
      if (const auto x = protocol::parse_name_pattern(name);
          x && x->what == protocol::name_pattern::form::exact)
        due_.emplace(name, steady_clock::now());
  }

  void ask_due() {
    const auto now = steady_clock::now();
    for (auto& [name, due] : due_) {
      if (due > now)
        continue;
      due = now + limits::look_up_retry; // unless an answer comes
      for (const bool v6 : {false, true})
        if (const auto query = relay_.ask(protocol::dns_query(0, name, v6), {},
                                          random_dns_id(), now))
          ::send(upstream_, query->data(), query->size(), MSG_NOSIGNAL);
    }
  }

  void take_answer() {
    const auto n =
        ::recv(upstream_, bytes_.data(), bytes_.size(), MSG_DONTWAIT);
    if (n <= 0)
      return; // such as an error of an earlier query: it is asked again
    const auto now = steady_clock::now();
    const auto reply =
        relay_.answer({bytes_.data(), static_cast<std::size_t>(n)}, now);
    if (!reply)
      return;
    const auto answer = protocol::parse_dns_answer(reply->message);
    const auto name = answer ? due_.find(answer->name) : due_.end();
    if (name == due_.end() || answer->addresses.empty())
      return;
    auto time = std::chrono::seconds{limits::look_up_max_time};
    for (const auto& x : answer->addresses)
      time = std::min(time, std::chrono::seconds{x.ttl});
    name->second =
        now + std::max<std::chrono::seconds>(time, limits::look_up_retry);
    const auto commands = protocol::named_addresses_text(answer->addresses);
    if (commands.empty())
      return;
    if (const auto why = rules_.change(commands); !why.empty())
      say("addresses of an allowed name stay closed: " + why);
    // A name may have been denied meanwhile.
    if (!take_changes())
      return;
    read_names();
    if (!due_.contains(answer->name))
      rules_.change(protocol::forget_names_text());
  }

  int channel_;
  int upstream_;
  int changes_;
  std::string container_;
  protocol::dns_relay relay_;
  std::map<std::string, steady_clock::time_point> due_;
  firewall rules_;
  std::array<char, limits::dns_message_max_bytes> bytes_{};
};

[[noreturn]] void be_resolver(int channel, int upstream,
                              const std::string& container,
                              const guarded_process& where) {
  ::setpgid(0, 0); // Ctrl-C is for others
  ::signal(SIGPIPE, SIG_IGN);
  for (const int x : {SIGTERM, SIGINT, SIGHUP})
    ::signal(x, SIG_IGN); // it ends when the channel is closed
  try {
    if (auto why = enter_namespaces(where); !why.empty())
      throw setup_fault(exit_failed, why);
    // The NFLOG socket, for example: a later guard must get its groups.
    close_all_but(channel, upstream);
    const io::unique_fd changes{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    if (::inotify_add_watch(changes.get(), state_directory().c_str(),
                            IN_MOVED_TO)
        < 0)
      throw setup_fault(exit_failed, error_text(errno));
    // It loads libnftables, so it comes before the sandbox.
    name_resolver resolver(channel, upstream, changes.get(), container);
    try {
      restrict_files({{state_directory(), path_access::read, true}});
    } catch (const std::system_error& e) {
      say(std::string{"Landlock failed, the process that looks up names can"
                      " open all files: "}
          + e.what());
    }
    send_with_descriptor(channel, "ready", -1);
    resolver.run();
    ::_exit(0);
  } catch (const std::exception& e) {
    say(std::string{"allowed names are not looked up again: "} + e.what());
  }
  ::_exit(1);
}

} // namespace

// The kernel's signal at the end of a parent does not help: Landlock lets a
// guard that has given up its rights signal nobody.
io::unique_fd start_name_resolver(int upstream, const std::string& container,
                                  const guarded_process& where) {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw setup_fault(exit_failed, "no sockets: " + error_text(errno));
  io::unique_fd ours{ends[0]};
  io::unique_fd theirs{ends[1]};
  const auto pid = ::fork();
  if (pid < 0)
    throw setup_fault(exit_failed, "no process: " + error_text(errno));
  if (pid == 0) {
    ours.reset();
    be_resolver(theirs.get(), upstream, container, where);
  }
  theirs.reset();
  receive_with_descriptor(ours.get()); // else it has said why
  return ours;
}

} // namespace clearance::services
