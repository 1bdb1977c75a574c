// `terok-guard attach`: puts the firewall into namespaces that exist, and reads
// what it blocks.
//
// This process stays outside of the namespaces. A helper process enters them,
// loads the rules, opens the NFLOG socket and hands it back; then it ends. So
// nothing that has a capability over the namespaces runs on, and the reader
// gives up what it still has. The rules are loaded first: whatever fails later,
// the namespace is closed. When the guard is killed, it stays closed.

#include "actors/io/base/small_file.hpp"
#include "protocol/guard/rules.hpp"
#include "protocol/text/text.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/firewall.hpp"
#include "services/guard/guard.hpp"
#include "services/guard/namespaces.hpp"
#include "services/guard/reader.hpp"
#include "services/guard/say.hpp"
#include "services/guard/state_store.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/paths.hpp"
#include "services/process/setup_fault.hpp"
#include "services/sandbox/landlock.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace clearance::services {

namespace {

using protocol::guard_state;

std::uint64_t own_net_inode() {
  struct stat info {};
  return ::stat("/proc/self/ns/net", &info) == 0 ? info.st_ino : 0;
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

// A number that another program has by now is no guard.
bool is_running_guard(std::uint64_t pid) {
  if (pid == 0)
    return false;
  auto file =
      io::open_regular(AT_FDCWD, "/proc/" + std::to_string(pid) + "/comm");
  auto* opened = std::get_if<io::regular_file>(&file);
  if (opened == nullptr)
    return false;
  const auto text = io::read_up_to(opened->fd.get(), 64);
  const auto* name = std::get_if<std::string>(&text);
  return name != nullptr && *name == "terok-guard\n";
}

// What is known of the container from an earlier guard, in the same namespace:
// its verdicts are kept.
guard_state state_for(const state_store& store, const guard_attach& call,
                      const guarded_process& process) {
  guard_state result;
  for (auto& x : store.all()) {
    if (x.net_namespace == process.net_inode && is_running_guard(x.guard))
      throw setup_fault(exit_failed, "the namespace of process "
                                         + std::to_string(call.pid)
                                         + " is guarded already, by process "
                                         + std::to_string(x.guard)
                                         + " as the container " + x.container);
    if (x.container != call.container) {
      // An earlier guard called this namespace something else.
      if (x.net_namespace == process.net_inode)
        store.remove(x);
      continue;
    }
    if (is_running_guard(x.guard))
      throw setup_fault(exit_failed, "the container " + x.container
                                         + " is guarded already, by process "
                                         + std::to_string(x.guard));
    if (x.net_namespace == process.net_inode)
      result = std::move(x);
  }
  result.container = call.container;
  result.name = call.name;
  result.pid = static_cast<std::uint64_t>(process.pid);
  result.start_time = process.start_time;
  result.user_namespace = process.user_inode;
  result.net_namespace = process.net_inode;
  result.guard = static_cast<std::uint64_t>(::getpid());
  return result;
}

work_result load_and_open(const guard_state& state) {
  if (auto why = change_firewall(protocol::table_text(state)); !why.empty())
    return {std::move(why), {}};
  auto opened = open_nflog();
  if (auto* fault = std::get_if<nflog_fault>(&opened))
    return {std::move(fault->why), {}};
  return {{}, std::move(std::get<io::unique_fd>(opened))};
}

// From here on this process reads a socket, writes to the hub and removes one
// file.
void give_up_rights(const reader_config& reader) {
  std::vector<path_rule> paths{{state_directory(), path_access::modify, true}};
  if (!reader.hub.empty())
    paths.push_back({reader.hub.substr(0, reader.hub.rfind('/') + 1),
                     path_access::read, false});
  try {
    if (restrict_files(paths) == file_restriction::unsupported)
      say("this kernel has no Landlock: the reader can open all files of its"
          " user");
  } catch (const std::system_error& e) {
    say(std::string{"Landlock failed, the reader can open all files of its"
                    " user: "}
        + e.what());
  }
  if (!drop_capabilities())
    throw setup_fault(exit_failed,
                      "capabilities cannot be given up: " + error_text(errno));
}

// The container has ended: nobody needs its state any more. Else the namespace
// stays closed, and verdicts and a later guard still find it.
void leave_state(const std::string& container, reader_end end) {
  const state_store store(state_directory());
  auto found = store.find(container);
  auto* state = std::get_if<guard_state>(&found);
  if (state == nullptr
      || state->guard != static_cast<std::uint64_t>(::getpid()))
    return;
  if (end == reader_end::container_exited) {
    store.remove(*state);
  } else {
    state->guard = 0;
    store.save(*state);
  }
}

int attach(const guard_attach& call) {
  auto signals = block_stop_signals();
  if (!signals)
    throw setup_fault(exit_failed, "signals: " + error_text(errno));
  const auto process = open_guardable(call);
  work_result ready;
  {
    const state_store store(state_directory());
    const auto state = state_for(store, call, process);
    ready = work_in_namespaces(process, [&] { return load_and_open(state); });
    if (!ready.fault.empty() || !ready.fd)
      throw setup_fault(exit_failed, ready.fault);
    store.save(state);
  }
  reader_config config;
  config.container = call.container;
  config.dossier = call.dossier;
  config.nflog = ready.fd.get();
  config.pidfd = process.pidfd.get();
  if (call.emit == guard_emit::socket)
    config.hub = absolute_socket_path(
        call.hub.empty() ? default_reader_socket(runtime_directory())
                         : call.hub);
  give_up_rights(config);
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
