// The names stand in the container's state, which verdicts replace. An address
// of a name is open for guard_limits::named_min_time at least, and a name is
// looked up again before that, or when a block may have been one of its new
// addresses.
//
// A pattern such as **.example.org cannot be looked up. A name below it can:
// the reader knows it from an answer that the container got. The container may
// have forged that answer, so the name is looked up here, and what the name
// server says is opened.
//
// The process stays outside of the container and changes the firewall through a
// socket that was opened inside, as the forwarder does.
#include "services/guard/name_resolver.hpp"

#include "protocol/guard/dns_answer.hpp"
#include "protocol/guard/dns_name.hpp"
#include "protocol/guard/guard_state.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/guard/set_change.hpp"
#include "protocol/operator/name.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/descriptor_passing.hpp"
#include "services/guard/dns_upstream.hpp"
#include "services/guard/firewall.hpp"
#include "services/guard/say.hpp"
#include "services/guard/state_store.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/setup_fault.hpp"
#include "services/process/stderr_lines.hpp"
#include "services/sandbox/landlock.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <exception>
#include <map>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <variant>
#include <vector>

namespace clearance::services {

namespace {

namespace limits = protocol::guard_limits;
using std::chrono::steady_clock;

// What the process has open: `rules` is of open_nf_tables().
struct resolver_descriptors {
  int channel = -1;
  int rules = -1;
  int changes = -1;
};

class name_resolver {
public:
  name_resolver(const resolver_descriptors& open, const name_server& server,
                std::string container)
      : open_(open), upstream_(server), container_(std::move(container)) {
    // nop
  }

  /// Until the channel is closed.
  void run() {
    for (bool changed = true;; changed = false) {
      std::vector<pollfd> entries{{open_.changes, POLLIN, 0},
                                  {open_.channel, POLLIN, 0}};
      upstream_.append_to(entries);
      if (!changed
          && ::poll(entries.data(), entries.size(), milliseconds_left()) < 0)
        continue;
      if (changed || take_changes())
        read_names();
      if (entries[1].revents != 0 && !take_block())
        return;
      for (std::size_t i = 2; i < entries.size(); ++i)
        if (entries[i].revents != 0)
          take_answer(entries[i].fd);
      ask_due();
    }
  }

private:
  struct looked_up_name {
    steady_clock::time_point due;
    steady_clock::time_point asked{}; // last
    std::vector<protocol::dns_address> addresses;
  };

  // -1: no name is looked up.
  int milliseconds_left() const {
    const auto next = std::min_element(names_.begin(), names_.end(),
                                       [](const auto& a, const auto& b) {
                                         return a.second.due < b.second.due;
                                       });
    if (next == names_.end())
      return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        next->second.due - steady_clock::now());
    return static_cast<int>(
        std::max<std::chrono::milliseconds::rep>(left.count(), 0));
  }

  // Whether some state was replaced, maybe not ours.
  bool take_changes() {
    alignas(inotify_event) std::array<char, 4096> events{};
    bool result = false;
    while (::read(open_.changes, events.data(), events.size()) > 0)
      result = true;
    return result;
  }

  // A new name is looked up at once. A verdict that closes names replaces the
  // state once more after that: what is still allowed is opened again.
  void read_names() {
    auto state = read_state_file(state_path(container_));
    auto* read = std::get_if<protocol::guard_state>(&state);
    if (read == nullptr)
      return;
    state_ = std::move(*read);
    std::erase_if(names_, [this](const auto& x) {
      return !protocol::is_allowed_name(state_, x.first);
    });
    for (const auto& name : state_.names)
      if (const auto x = protocol::parse_name_pattern(name);
          x && x->what == protocol::name_pattern::form::exact)
        names_.emplace(name, looked_up_name{steady_clock::now(), {}, {}});
    open_known_addresses();
  }

  void open_known_addresses() {
    std::vector<protocol::dns_address> all;
    for (const auto& [name, x] : names_)
      all.insert(all.end(), x.addresses.begin(), x.addresses.end());
    open(all);
  }

  // False: the channel is closed.
  bool take_block() {
    std::array<char, limits::dns_message_max_bytes> bytes{};
    const auto n =
        ::recv(open_.channel, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (n <= 0)
      return n < 0 && (errno == EAGAIN || errno == EINTR);
    const std::string name(bytes.data() + 1, static_cast<std::size_t>(n - 1));
    if (name.empty()) {
      for (auto& [ignored, x] : names_)
        look_up_soon(x);
    } else if (protocol::is_dns_name(name)
               && protocol::is_allowed_name(state_, name)
               && (names_.contains(name)
                   || names_.size() < limits::state_max_names)) {
      look_up_soon(names_[name]);
    }
    return true;
  }

  static void look_up_soon(looked_up_name& x) {
    x.due = std::min(x.due, x.asked + limits::look_up_after_block);
  }

  void ask_due() {
    const auto now = steady_clock::now();
    for (auto& [name, x] : names_) {
      if (x.due > now)
        continue;
      x.asked = now;
      x.due = now + limits::look_up_retry; // unless an answer comes
      for (const bool v6 : {false, true})
        upstream_.ask(protocol::dns_query(0, name, v6), {}, now);
    }
  }

  void take_answer(int fd) {
    const auto now = steady_clock::now();
    const auto reply = upstream_.take_answer(fd, now);
    const auto answer =
        reply ? protocol::parse_dns_answer(reply->message) : std::nullopt;
    const auto name = answer ? names_.find(answer->name) : names_.end();
    if (name == names_.end() || answer->addresses.empty())
      return;
    auto time = std::chrono::seconds{limits::look_up_max_time};
    for (const auto& x : answer->addresses)
      time = std::min(time, std::chrono::seconds{x.ttl});
    auto& known = name->second;
    known.due =
        now + std::max<std::chrono::seconds>(time, limits::look_up_retry);
    remember(known.addresses, answer->addresses);
    open(answer->addresses);
    // A name may have been denied meanwhile.
    if (!take_changes())
      return;
    read_names();
    if (names_.contains(answer->name))
      return;
    change_sets(open_.rules, protocol::close_named_addresses());
    open_known_addresses();
  }

  // Those of the last answers, of both families.
  static void remember(std::vector<protocol::dns_address>& known,
                       const std::vector<protocol::dns_address>& more) {
    for (const auto& x : more) {
      std::erase_if(known,
                    [&x](const auto& y) { return y.address == x.address; });
      known.push_back(x);
    }
    if (known.size() > limits::answer_max_records)
      known.erase(known.begin(),
                  known.end() - std::ptrdiff_t{limits::answer_max_records});
  }

  void open(const std::vector<protocol::dns_address>& all) {
    if (const auto why = open_names(open_.rules, all); !why.empty())
      say("addresses of an allowed name stay closed: " + why);
  }

  resolver_descriptors open_;
  dns_upstream upstream_;
  std::string container_;
  protocol::guard_state state_;
  std::map<std::string, looked_up_name> names_;
};

[[noreturn]] void be_resolver(int channel, int rules, const name_server& server,
                              const std::string& container) {
  ::setpgid(0, 0); // Ctrl-C is for others
  ::signal(SIGPIPE, SIG_IGN);
  never_wait_for_stderr();
  for (const int x : {SIGTERM, SIGINT, SIGHUP})
    ::signal(x, SIG_IGN); // it ends when the channel is closed
  try {
    // The NFLOG socket, for example: a later guard must get its groups.
    close_all_but(channel, rules);
    const io::unique_fd changes{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    if (::inotify_add_watch(changes.get(), state_directory().c_str(),
                            IN_MOVED_TO)
        < 0)
      throw setup_fault(exit_failed, error_text(errno));
    try {
      restrict_files({{state_directory(), path_access::read, true}});
    } catch (const std::system_error& e) {
      say(std::string{"Landlock failed, the process that looks up names can"
                      " open all files: "}
          + e.what());
    }
    send_with_descriptor(channel, "ready", -1);
    name_resolver({channel, rules, changes.get()}, server, container).run();
    ::_exit(0);
  } catch (const std::exception& e) {
    say(std::string{"allowed names are not looked up again: "} + e.what());
  }
  ::_exit(1);
}

} // namespace

// The kernel's signal at the end of a parent does not help: Landlock lets a
// guard that has given up its rights signal nobody.
io::unique_fd start_name_resolver(const name_server& server,
                                  const std::string& container,
                                  const guarded_process& where) {
  const auto rules = work_in_namespaces(where, []() -> work_result {
    auto fd = open_nf_tables();
    return fd ? work_result{{}, std::move(fd)}
              : work_result{
                  "the firewall cannot be changed: " + error_text(errno), {}};
  });
  if (!rules.fault.empty())
    throw setup_fault(exit_failed, rules.fault);
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
    be_resolver(theirs.get(), rules.fd.get(), server, container);
  }
  theirs.reset();
  receive_with_descriptor(ours.get()); // else it has said why
  return ours;
}

void tell_resolver_of_block(int channel, std::string_view name) {
  // An empty message would look like the end.
  const auto message = 'b' + std::string{name};
  ::send(channel, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

} // namespace clearance::services
