// `terok-guard attach`: puts the firewall into namespaces that exist, and reads
// what it blocks.
//
// This process stays outside of the namespaces. A helper process enters them,
// loads the rules, opens the NFLOG socket and hands it back; then it ends. So
// nothing that has a capability over the namespaces runs on, and the reader
// gives up what it still has. The rules are loaded first: whatever fails later,
// the namespace is closed. When the guard is killed, it stays closed.

#include "protocol/guard/rules.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/engine.hpp"
#include "services/guard/firewall.hpp"
#include "services/guard/guard.hpp"
#include "services/guard/guarding.hpp"
#include "services/guard/hold_keeper.hpp"
#include "services/guard/name_resolver.hpp"
#include "services/guard/name_server.hpp"
#include "services/guard/namespace_file.hpp"
#include "services/guard/say.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/setup_fault.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <utility>
#include <variant>

namespace clearance::services {

namespace {

std::uint64_t own_net_inode() {
  struct stat info {};
  return ::stat("/proc/self/ns/net", &info) == 0 ? info.st_ino : 0;
}

constexpr std::string_view raw_power = "CAP_NET_RAW";

bool has_power(const guarded_process& x, std::string_view name) {
  return std::find(x.powers.begin(), x.powers.end(), name) != x.powers.end();
}

// Packets of these sockets pass no rule at all.
bool kernel_has_xdp_sockets() {
  const io::unique_fd fd{::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0)};
  return fd || errno != EAFNOSUPPORT;
}

// Loads the rules; for a container that can send packets past them also those
// that stop such packets.
work_result load_all(const protocol::guard_state& state, bool raw,
                     bool unsafe) {
  auto ready = load_and_open(protocol::table_texts(state));
  if (!ready.fault.empty() || !raw)
    return ready;
  const auto why = stamp_packets();
  if (why.empty())
    return ready;
  const auto text =
      "packets that its packet sockets send are not stopped: " + why;
  if (!unsafe)
    return {text, {}};
  say(text);
  return ready;
}

// Why this process's namespace must not be guarded. Empty: it may.
std::string refusal(const guarded_process& x, bool unsafe) {
  const auto who = "process " + std::to_string(x.pid);
  if (x.net_inode == own_net_inode())
    return who
           + " is in the network namespace that terok-guard runs in: that is"
             " the machine's own, or the guard was started inside of the"
             " container";
  if (x.powers.empty() || unsafe)
    return {};
  if (x.powers.size() == 1 && has_power(x, raw_power))
    return kernel_has_xdp_sockets()
               ? who
                     + " can have CAP_NET_RAW over its network namespace, and"
                       " this kernel has AF_XDP sockets, whose packets no"
                       " firewall sees: start it without, or say --unsafe"
               : std::string{};
  std::string names;
  for (const auto& name : x.powers)
    names += (names.empty() ? "" : ", ") + name;
  return who + " can have " + names
         + " over its network namespace, so the container can go around the"
           " firewall: start it without, or say --unsafe";
}

guarded_process open_guardable(const guard_attach& call) {
  auto opened = open_process(call.pid);
  if (const auto* why = std::get_if<std::string>(&opened))
    throw setup_fault(exit_failed,
                      "process " + std::to_string(call.pid) + ' ' + *why);
  auto& process = std::get<guarded_process>(opened);
  if (const auto why = refusal(process, call.unsafe); !why.empty())
    throw setup_fault(exit_failed, why);
  return std::move(process);
}

// With the process, and the names that an engine knows.
guard_attach resolved(guard_attach call) {
  if (!call.netns.empty()) {
    const auto found = find_process_in(call.netns);
    if (const auto* why = std::get_if<std::string>(&found))
      throw setup_fault(exit_failed, *why);
    call.pid = std::get<pid_t>(found);
    return call;
  }
  if (call.engine.empty())
    return call;
  constexpr std::size_t short_id_chars = 12;
  const auto found = find_engine_container(call.engine, call.engine_container);
  if (const auto* why = std::get_if<std::string>(&found))
    throw setup_fault(exit_failed, *why);
  const auto& x = std::get<engine_container>(found);
  call.pid = x.pid;
  if (call.container.empty())
    call.container = x.id.substr(0, short_id_chars);
  if (call.name.empty() && call.engine_container != call.container)
    call.name = call.engine_container;
  return call;
}

// Without a name server, a name is resolved once when it is allowed.
io::unique_fd look_up_names(const guard_attach& call,
                            const guarded_process& process) {
  const auto server = find_name_server(call.dns);
  std::string fault;
  if (const auto* why = std::get_if<std::string>(&server))
    fault = *why;
  else if (!connect_udp(std::get<name_server>(server)))
    fault = "the name server cannot be used: " + error_text(errno);
  if (!fault.empty() && !call.dns.empty())
    throw setup_fault(exit_failed, fault);
  if (!fault.empty())
    return {};
  return start_name_resolver(std::get<name_server>(server), call.container,
                             process);
}

int attach(const guard_attach& given) {
  require_descriptors();
  const auto call = resolved(given);
  auto signals = block_stop_signals();
  if (!signals)
    throw setup_fault(exit_failed, "signals: " + error_text(errno));
  reader_config config;
  config.hub = socket_of_hub(call.hub, call.emit);
  const auto process = open_guardable(call);
  work_result ready;
  {
    const state_store store(state_directory());
    const auto state = state_for(store, call.container, call.name, process);
    ready = work_in_namespaces(process, [&] {
      return load_all(state, has_power(process, raw_power), call.unsafe);
    });
    if (!ready.fault.empty() || !ready.fd)
      throw setup_fault(exit_failed, ready.fault);
    store.save(state);
  }
  config.container = call.container;
  config.dossier = call.dossier;
  config.nflog = ready.fd.get();
  config.pidfd = process.pidfd.get();
  io::unique_fd keeper;
  if (call.blocked == on_block::hold) {
    keeper = start_hold_keeper(process);
    config.keeper = keeper.get();
  }
  const auto resolver = look_up_names(call, process);
  config.resolver = resolver.get();
  give_up_rights(config.hub, {states_rule()});
  say("guarding the container " + call.container + ", process "
      + std::to_string(call.pid));
  const auto end = block_reader(config).run(signals.get());
  leave_state(call.container, end);
  return end == reader_end::failed ? exit_failed : exit_ok;
}

} // namespace

int run_guard_attach(const guard_attach& call) try {
  return attach(call);
} catch (const setup_fault& e) {
  say(e.what());
  return e.code;
}

} // namespace clearance::services
