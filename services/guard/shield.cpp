// The shield: changes the firewall of a container that is guarded. The state
// file, the firewall and the identity of the process are looked at and changed
// under one lock.

#include "protocol/guard/limits.hpp"
#include "protocol/guard/rules.hpp"
#include "protocol/guard/set_change.hpp"
#include "protocol/operator/name.hpp"
#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"
#include "services/guard/firewall.hpp"
#include "services/guard/guard.hpp"
#include "services/guard/guarding.hpp"
#include "services/guard/name_look_up.hpp"
#include "services/guard/namespaces.hpp"
#include "services/guard/say.hpp"
#include "services/guard/state_store.hpp"
#include "services/guard/targets.hpp"
#include "services/process/exit_code.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace clearance::services {

namespace {

using protocol::guard_state;
using protocol::ip_range;

int refuse(const std::string& why) {
  say(why);
  return exit_failed;
}

// The process that the state names, if it still is that process in those
// namespaces. A pid that was given to another process must not have that
// process's firewall changed.
std::variant<guarded_process, std::string> process_of(const guard_state& x) {
  const auto who = "the container " + x.container + ": ";
  auto opened = open_process(static_cast<pid_t>(x.pid));
  if (const auto* why = std::get_if<std::string>(&opened))
    return who + "process " + std::to_string(x.pid) + ' ' + *why;
  auto& process = std::get<guarded_process>(opened);
  if (process.start_time != x.start_time
      || process.user_inode != x.user_namespace
      || process.net_inode != x.net_namespace)
    return who + "process " + std::to_string(x.pid)
           + " has ended, and its number belongs to another process now";
  return std::move(process);
}

// This process moves into the namespaces and stays there: it is for this one
// command, and a child process would take a third of its time.
std::string run_change(const guarded_process& process,
                       const std::string& commands) {
  auto why = enter_namespaces(process);
  return why.empty() ? change_firewall(commands) : why;
}

// A container that is guarded, and the lock that its change needs.
struct locked_container {
  state_store store;
  guard_state state;
  guarded_process process;
};

std::variant<locked_container, std::string> lock(const std::string& container) {
  state_store store(state_directory());
  auto stored = store.find(container);
  if (auto* why = std::get_if<std::string>(&stored))
    return std::move(*why);
  auto& state = std::get<guard_state>(stored);
  auto process = process_of(state);
  if (auto* why = std::get_if<std::string>(&process))
    return std::move(*why);
  return locked_container{std::move(store), std::move(state),
                          std::move(std::get<guarded_process>(process))};
}

std::string too_many_targets(const guard_state& state) {
  return "the container " + state.container + " has "
         + std::to_string(protocol::guard_limits::state_max_targets)
         + " targets already: nothing was changed";
}

// Closes the addresses of all allowed names. Whoever keeps names open sees then
// that the state is replaced, and opens what is still allowed.
std::string close_names(const locked_container& x) {
  auto why = enter_namespaces(x.process);
  if (why.empty())
    why =
        change_sets(open_nf_tables().get(), protocol::close_named_addresses());
  if (why.empty())
    x.store.save(x.state);
  return why;
}

// Allows or denies `targets`, in one transaction.
int judge_targets(locked_container& x, const guard_verdict& call,
                  const std::vector<ip_range>& targets) {
  for (const auto& target : targets)
    if (protocol::set_target(x.state, target, call.allow, call.time.has_value())
        == protocol::target_change::too_many)
      return refuse(too_many_targets(x.state));
  std::string why;
  if (std::none_of(targets.begin(), targets.end(), protocol::is_network)) {
    why = enter_namespaces(x.process);
    if (why.empty())
      why = judge_addresses(targets, call.allow, call.time);
  } else {
    std::string commands;
    for (const auto& target : targets)
      commands +=
          protocol::verdict_text(x.state, target, call.allow, call.time);
    why = run_change(x.process, commands);
  }
  if (!why.empty())
    return refuse(why);
  x.store.save(x.state);
  return exit_ok;
}

// The container has a forwarder: an allowed name stays a name there.
int judge_name(const guard_verdict& call, const protocol::name_pattern& name) {
  const auto text = to_string(name);
  const bool exact = name.what == protocol::name_pattern::form::exact;
  const bool stays = call.allow && !call.time;
  if (!stays && !exact && call.allow)
    return refuse("--for is for an address or one name, not for `" + text
                  + '`');
  std::optional<guarded_process> process;
  {
    auto locked = lock(call.container);
    if (const auto* why = std::get_if<std::string>(&locked))
      return refuse(*why);
    auto& x = std::get<locked_container>(locked);
    if (stays)
      x.state.names.insert(text);
    else if (!call.allow)
      x.state.names.erase(text);
    if (x.state.names.size() > protocol::guard_limits::state_max_names)
      return refuse("the container " + x.state.container
                    + " has too many allowed names already");
    x.store.save(x.state);
    if (!call.allow)
      if (const auto why = close_names(x); !why.empty())
        return refuse(why);
    process = std::move(x.process);
  }
  if (!exact)
    return exit_ok;
  // Without the lock: an answer may take seconds.
  const auto asked = ask_forwarder(*process, name.name);
  if (const auto* why = std::get_if<std::string>(&asked))
    return refuse(*why);
  const auto& addresses = std::get<std::vector<protocol::ip_address>>(asked);
  if (stays)
    return exit_ok; // the forwarder has opened them
  std::vector<ip_range> targets;
  for (const auto& x : addresses)
    if (!call.allow || !protocol::is_special(x))
      targets.push_back({x, 128});
  if (targets.empty() && call.allow)
    return refuse("the name " + text + " has no public address");
  auto locked = lock(call.container);
  if (const auto* why = std::get_if<std::string>(&locked))
    return refuse(*why);
  auto& x = std::get<locked_container>(locked);
  const auto code = judge_targets(x, call, targets);
  // The look-up may have opened addresses for a pattern that was allowed.
  if (code == exit_ok && !call.allow)
    if (const auto why = close_names(x); !why.empty())
      return refuse(why);
  return code;
}

// An attached container: its guard looks up allowed names again and again, and
// names below a pattern when the container has looked them up.
int judge_looked_up_name(const guard_verdict& call,
                         const protocol::name_pattern& name) {
  const bool exact = name.what == protocol::name_pattern::form::exact;
  // A look-up may take seconds, and must be made outside: before the lock.
  const auto found = exact ? targets_of(call.dest) : std::vector<ip_range>{};
  const auto* fault = std::get_if<std::string>(&found);
  auto locked = lock(call.container);
  if (const auto* why = std::get_if<std::string>(&locked))
    return refuse(*why);
  auto& x = std::get<locked_container>(locked);
  if (call.allow)
    x.state.names.insert(to_string(name));
  else
    x.state.names.erase(to_string(name));
  if (x.state.names.size() > protocol::guard_limits::state_max_names)
    return refuse("the container " + x.state.container
                  + " has too many allowed names already");
  // Saved before the names are closed: whatever the guard opens meanwhile, it
  // looks at the state after that, and closes it again.
  x.store.save(x.state);
  if (!call.allow) {
    if (const auto why = close_names(x); !why.empty())
      return refuse(why);
    if (!exact)
      return exit_ok;
    if (fault != nullptr)
      return refuse(*fault
                    + "; the name is not allowed any more, but its addresses"
                      " are not denied");
    return judge_targets(x, call, std::get<std::vector<ip_range>>(found));
  }
  if (fault != nullptr) {
    say(*fault + "; the name is allowed, and its guard goes on looking it up");
    return exit_ok;
  }
  std::vector<protocol::dns_address> addresses;
  for (const auto& target : std::get<std::vector<ip_range>>(found))
    addresses.push_back({target.base, 0});
  auto why = enter_namespaces(x.process);
  if (why.empty())
    why = open_names(open_nf_tables().get(), addresses);
  return why.empty() ? exit_ok : refuse(why);
}

// Who keeps allowed names open.
enum class name_keeper : std::uint8_t { nobody, forwarder, guard };

name_keeper keeper_of_names(const std::string& container) {
  const auto found = state_store(state_directory()).find(container);
  const auto* state = std::get_if<guard_state>(&found);
  if (state == nullptr)
    return name_keeper::nobody;
  if (state->forwarder)
    return name_keeper::forwarder;
  return has_running_guard(*state) ? name_keeper::guard : name_keeper::nobody;
}

} // namespace

int run_guard_verdict(const guard_verdict& call) {
  if (const auto name = protocol::parse_name_pattern(call.dest)) {
    const auto keeper = keeper_of_names(call.container);
    if (keeper == name_keeper::forwarder)
      return judge_name(call, *name);
    if (keeper == name_keeper::guard && !call.time)
      return judge_looked_up_name(call, *name);
    if (name->what != protocol::name_pattern::form::exact)
      return refuse("`" + call.dest
                    + "` means many names: no guard runs for the container that"
                      " could look them up, or --for was given");
  }
  // A look-up may take seconds: before the lock is taken.
  const auto found = targets_of(call.dest);
  if (const auto* why = std::get_if<std::string>(&found))
    return refuse(*why);
  const auto& targets = std::get<std::vector<ip_range>>(found);
  if (call.time
      && std::any_of(targets.begin(), targets.end(), protocol::is_network))
    return refuse("--for is for an address or a name, not for a network");
  auto locked = lock(call.container);
  if (const auto* why = std::get_if<std::string>(&locked))
    return refuse(*why);
  return judge_targets(std::get<locked_container>(locked), call, targets);
}

int run_guard_mode(const guard_mode_change& call) {
  const state_store store(state_directory());
  auto stored = store.find(call.container);
  if (const auto* why = std::get_if<std::string>(&stored))
    return refuse(*why);
  auto& state = std::get<guard_state>(stored);
  const auto process = process_of(state);
  if (const auto* why = std::get_if<std::string>(&process))
    return refuse(*why);
  state.mode =
      call.up ? protocol::shield_mode::up : protocol::shield_mode::down;
  if (const auto why = run_change(std::get<guarded_process>(process),
                                  protocol::mode_text(state));
      !why.empty())
    return refuse(why);
  store.save(state);
  return exit_ok;
}

int run_guard_rules(const guard_rules& call) {
  const state_store store(state_directory());
  auto stored = store.find(call.container);
  if (const auto* why = std::get_if<std::string>(&stored))
    return refuse(*why);
  const auto process = process_of(std::get<guard_state>(stored));
  if (const auto* why = std::get_if<std::string>(&process))
    return refuse(*why);
  auto why = enter_namespaces(std::get<guarded_process>(process));
  if (why.empty())
    why = print_firewall();
  return why.empty() ? exit_ok : refuse(why);
}

int run_guard_list() {
  std::string out;
  for (const auto& x : state_store(state_directory()).all()) {
    const auto process = process_of(x);
    const bool runs = std::holds_alternative<guarded_process>(process);
    out += x.container + ' ' + (x.name.empty() ? "-" : x.name) + " pid "
           + std::to_string(x.pid) + (runs ? "" : " ended")
           + (x.mode == protocol::shield_mode::up ? " up" : " down")
           + " allowed " + std::to_string(x.allowed.size()) + " denied "
           + std::to_string(x.denied.size()) + '\n';
  }
  const auto why = print(out);
  return why.empty() ? exit_ok : refuse(why);
}

int run_guard_capabilities() {
  std::string out;
  for (const auto word : protocol::guard_capabilities)
    out += std::string{word} + '\n';
  const auto why = print(out);
  return why.empty() ? exit_ok : refuse(why);
}

} // namespace clearance::services
