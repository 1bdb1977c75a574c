/// The hub, its executor and git gates inside a host's own CAF actor system.
/// CAF 0.17.6. Link with what `pkg-config clearance` says.
///
///     clearance::embedding::add_types(config);
///     auto loop = clearance::embedding::start_loop(system);
///     auto executor = clearance::embedding::start_executor(loop, {...});
///     auto hub = clearance::embedding::start_hub(loop, {...});
///
/// What is started is an actor like any other: monitor or link it, and end it
/// with an exit message. It is hosted on the loop's thread, wherever its
/// messages come from. The loop is an actor, too; its end ends all that it
/// hosts. End it before the actor_system goes.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// Where our block of type ids begins. Define it before this header, for all of
/// a program alike, when the default overlaps with yours. Ids are compared by
/// compilers alone: the installed library fits every choice.
#ifndef CLEARANCE_FIRST_TYPE_ID
#define CLEARANCE_FIRST_TYPE_ID (caf::first_custom_type_id + 8000)
#endif

namespace clearance::embedding {

// -- messages -----------------------------------------------------------------

/// What clients of the hub see; sanitised, printable ASCII but for the keys of
/// the dossier. Source: protocol/contract/clearance.md, section 3.
struct event {
  std::string type; ///< "connection_blocked" ...
  std::string container;
  std::string request_id;
  std::string dest;
  std::int64_t port = 0;
  std::int64_t proto = 0;
  std::string domain;
  std::string action;
  bool ok = false;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> dossier;
};

/// Some events, in order, at most 192.
struct events {
  std::vector<event> list;
};

/// Answers a block. `dest` is its domain if it has one, else its address.
struct verdict {
  std::string container;
  std::string request_id;
  std::string dest;
  std::string action; ///< "allow" or "deny"
};

/// What became of it. Source: protocol/contract/clearance.md, section 5.
struct verdict_result {
  bool ok = false;
  std::string error; ///< "org.terok.Clearance1.UnknownRequest" ...; empty: ok
  std::vector<std::pair<std::string, std::string>> fields; ///< of the error
};

/// A verdict that was checked, to be executed.
struct shield_call {
  bool allow = false; ///< else deny
  std::string container;
  std::string dest;
};

struct shield_result {
  bool ok = false;
  std::string why; ///< of a failure
};

/// Follow the hub's events.
using subscribe_atom = caf::atom_constant<caf::atom("subscribe")>;

/// These are handled: send the next ones.
using more_atom = caf::atom_constant<caf::atom("more")>;

/// Write your counters to the log.
using report_atom = caf::atom_constant<caf::atom("report")>;

// -- handles ------------------------------------------------------------------

/// A subscription of events, of the host's making. It is sent the next ones
/// when it has answered the last ones, within a minute; of what it leaves
/// waiting only the newest 128 are kept.
using subscriber = caf::typed_actor<caf::replies_to<events>::with<more_atom>>;

/// Executes verdicts: ours, or one of the host's making. An answer takes at
/// most a minute.
using executor =
    caf::typed_actor<caf::replies_to<shield_call>::with<shield_result>>;

/// Ends with an error of ours when a socket cannot be bound or a part of it
/// crashed; nothing of it is left then. Verdicts are answered within 75 s, at
/// the latest when it ends: caf::sec::request_receiver_down says that nobody
/// knows whether the executor will still execute it.
using hub = caf::typed_actor<
    caf::replies_to<verdict>::with<verdict_result>,
    // Answered once the subscriber will hear of every later
    // event. It has a subscriber's rights: blocks that nobody
    // was told of come first. Ends with the subscriber or the
    // hub.
    caf::replies_to<subscribe_atom, subscriber>::with<subscribe_atom>,
    caf::reacts_to<report_atom>>;

/// Ends with an error of ours when it cannot listen.
using gate = caf::typed_actor<caf::reacts_to<report_atom>>;

// -- configuration ------------------------------------------------------------

struct executor_config {
  /// The program that changes the firewall: a path, or a name that is looked
  /// for beside our executable and on PATH.
  std::string shield = "terok-shield";
  /// Instead: the socket of a verdict helper.
  std::string helper_socket;
};

struct hub_config {
  std::string clearance_socket; ///< where operators connect; absolute
  std::string reader_socket;    ///< where readers connect; absolute
  embedding::executor executor;
  std::string only_container; ///< empty: serve all
  std::size_t open_requests_max = 32768;
  std::size_t readers_max = 8192;
  std::size_t clients_max = 8192;
  std::size_t subscribers_max = 4096;
};

struct gate_config {
  std::string mirror_root;  ///< where the bare repositories are
  std::string scope;        ///< serves `<mirror_root>/<scope>.git`
  std::string token;        ///< opens it for reading and writing
  std::string socket;       ///< a path; or else
  std::uint16_t port = 0;   ///< ... a loopback port
  std::string home;         ///< empty: a private one is made
  std::string hooks_path;   ///< empty: no hook runs
  std::size_t git_max = 16; ///< git processes at a time
};

// -- start --------------------------------------------------------------------

/// For a host's actor_system_config, before its actor_system.
void add_types(caf::actor_system_config& config);

/// The version of the library that is linked, "1.2.3".
const char* version() noexcept;

/// A thread of its own, for sockets and whoever is hosted there. An exit
/// message stops it: those it hosts end first.
caf::actor start_loop(caf::actor_system& system);

/// On the loop; from any thread but the loop's own. They return once the actor
/// runs there. Errors: the loop has ended; of start_gate also what is wrong
/// with the configuration. A socket that cannot be bound is the actor's end,
/// later.
caf::expected<executor> start_executor(const caf::actor& loop,
                                       const executor_config& config);
caf::expected<hub> start_hub(const caf::actor& loop, const hub_config& config);
caf::expected<gate> start_gate(const caf::actor& loop,
                               const gate_config& config);

/// A sentence for an error that one of ours ended with.
std::string what(const caf::error& x);

// -- for CAF ------------------------------------------------------------------

template <class Inspector>
auto inspect(Inspector& f, event& x) {
  return f(caf::meta::type_name("clearance::embedding::event"), x.type,
           x.container, x.request_id, x.dest, x.port, x.proto, x.domain,
           x.action, x.ok, x.reason, x.dossier);
}

template <class Inspector>
auto inspect(Inspector& f, events& x) {
  return f(caf::meta::type_name("clearance::embedding::events"), x.list);
}

template <class Inspector>
auto inspect(Inspector& f, verdict& x) {
  return f(caf::meta::type_name("clearance::embedding::verdict"), x.container,
           x.request_id, x.dest, x.action);
}

template <class Inspector>
auto inspect(Inspector& f, verdict_result& x) {
  return f(caf::meta::type_name("clearance::embedding::verdict_result"), x.ok,
           x.error, x.fields);
}

template <class Inspector>
auto inspect(Inspector& f, shield_call& x) {
  return f(caf::meta::type_name("clearance::embedding::shield_call"), x.allow,
           x.container, x.dest);
}

template <class Inspector>
auto inspect(Inspector& f, shield_result& x) {
  return f(caf::meta::type_name("clearance::embedding::shield_result"), x.ok,
           x.why);
}

} // namespace clearance::embedding

CAF_BEGIN_TYPE_ID_BLOCK(clearance, CLEARANCE_FIRST_TYPE_ID)
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::event))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::events))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::verdict))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::verdict_result))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::shield_call))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::shield_result))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::subscriber))
CAF_END_TYPE_ID_BLOCK(clearance)
