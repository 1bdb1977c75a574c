/// The clearance hub, its verdict executor and git gates, as actors in your
/// application's own CAF actor system. CAF 0.17.6. `pkg-config clearance` says
/// what to compile and link with.
///
///     my_config config;           // derived from caf::actor_system_config
///     clearance::embedding::add_types(config);
///     caf::actor_system system{config};
///     auto loop = clearance::embedding::start_loop(system);
///     auto executor = clearance::embedding::start_executor(loop, {...});
///     auto hub = clearance::embedding::start_hub(loop, {...});
///     if (!hub) // look before you use it: value() of CAF 0.17.6 does not
///       report(clearance::embedding::what(hub.error()));
///
/// Compile with C++20 or later, and with the flags of `pkg-config --cflags
/// clearance`. Link with `pkg-config --libs clearance`, or with `--static
/// --libs` for the static library; that is libclearance, libcaf_core, and for
/// the static library what these need.
///
/// The loop is an actor with a thread of its own, which does all input and
/// output. Executor, hub and gates are actors, too. They run on the loop's
/// thread, whoever sends messages to them. Monitor or link them like any other
/// actor, and send them an exit message to end them. When the loop ends, all
/// actors that run on it end. End the loop, and wait for its end, before you
/// destroy the actor_system.
///
/// Words: a reader is a program that reports the connections that the firewall
/// of a container denied. A block is one such report. A verdict is an
/// operator's or application's answer to a block, allow or deny. A shield is
/// the program that then changes the firewall. A subscriber follows all events.
#pragma once

#if __cplusplus < 202002L
#error "clearance.hpp needs C++20: compile with -std=c++20"
#endif

#include <caf/actor.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operators.hpp"

/// The first number of our block of CAF type ids. If the default collides with
/// ids of your application, define it before you include this header, with the
/// same value in all files of your program. The installed library works with
/// every value.
#ifndef CLEARANCE_FIRST_TYPE_ID
#define CLEARANCE_FIRST_TYPE_ID (caf::first_custom_type_id + 8000)
#endif

namespace clearance::embedding {

// -- messages -----------------------------------------------------------------

/// What happened to a container. All strings are printable ASCII, except the
/// keys of the dossier. Fields that the type of the event does not use are
/// empty or zero.
struct event {
  std::string type; ///< "connection_blocked", "shield_up" and others
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

/// Some events, oldest first, at most 192.
struct events {
  std::vector<event> list;
};

/// Answers a block: `container` and `request_id` are those of the event; `dest`
/// is the event's domain, or its dest if the domain is empty.
struct verdict {
  std::string container;
  std::string request_id;
  std::string dest;
  std::string action; ///< "allow" or "deny"
};

/// The result of a verdict: either `ok`, or the name and the fields of an
/// error. Possible errors of org.terok.Clearance1: InvalidAction,
/// UnknownRequest, VerdictTupleMismatch and ShieldCliFailed.
struct verdict_result {
  bool ok = false;
  /// such as "org.terok.Clearance1.UnknownRequest"; empty if ok
  std::string error;
  /// names and values of the error's fields
  std::vector<std::pair<std::string, std::string>> fields;
};

/// Asks the executor to execute a verdict that the hub has checked.
struct shield_call {
  bool allow = false; ///< true: allow, false: deny
  std::string container;
  std::string dest;
};

struct shield_result {
  bool ok = false;
  std::string why; ///< why it failed; empty if ok
};

/// Asks the hub to send its events to a subscriber.
using subscribe_atom = caf::atom_constant<caf::atom("subscribe")>;

/// Asks the hub to send its prompts to a prompt watcher.
using watch_atom = caf::atom_constant<caf::atom("watch")>;

/// The answer of a subscriber or prompt watcher: the message is handled, send
/// the next one.
using more_atom = caf::atom_constant<caf::atom("more")>;

/// Asks an actor to write its counters to the log.
using report_atom = caf::atom_constant<caf::atom("report")>;

// -- handles ------------------------------------------------------------------

/// Your actor that gets the hub's events. It gets the next events when it has
/// answered the last ones. It must answer within a minute, or it gets no more
/// events. Until it answers, only the newest 128 events are kept for it; older
/// ones are lost.
using subscriber = caf::typed_actor<caf::replies_to<events>::with<more_atom>>;

/// Your actor that gets the hub's prompts: first all, then every change. It
/// gets the next message when it has answered the last one; meanwhile the
/// changes of a prompt become one. It must answer within a minute, or it gets
/// no more.
using prompt_watcher =
    caf::typed_actor<caf::replies_to<prompts>::with<more_atom>>;

/// Executes verdicts: the actor that start_executor() returns, or one of yours.
/// It must answer within a minute.
using executor =
    caf::typed_actor<caf::replies_to<shield_call>::with<shield_result>>;

/// The hub. It answers each verdict within 75 s, and at the latest when it
/// ends. The error caf::sec::request_receiver_down then means: nobody knows
/// whether the executor will still execute the verdict. The hub ends with an
/// error, which what() explains, if it cannot bind a socket or if a part of it
/// crashes. Then its sockets are closed and all its parts have ended. A hub
/// without prompts answers messages about prompts or the policy with an error.
using hub = caf::typed_actor<
    caf::replies_to<verdict>::with<verdict_result>,
    // Subscribes. After the answer the subscriber gets every event,
    // first the blocks that wait for a verdict and that no client
    // has got yet. Ends when the subscriber or the hub ends.
    caf::replies_to<subscribe_atom, subscriber>::with<subscribe_atom>,
    // Watches the prompts. Ends when the watcher or the hub ends.
    caf::replies_to<watch_atom, prompt_watcher>::with<watch_atom>,
    caf::replies_to<list_prompts>::with<prompts>,
    caf::replies_to<decision>::with<verdict_result>,
    caf::replies_to<quiet>::with<verdict_result>,
    caf::replies_to<history>::with<decisions>,
    // An error if there is no such prompt.
    caf::replies_to<question>::with<explanation>,
    // Loads this policy instead of the one of before.
    caf::replies_to<policy_source>::with<policy_status>,
    caf::replies_to<reload_atom>::with<policy_status>,
    caf::replies_to<list_rules>::with<rules>, caf::reacts_to<report_atom>>;

/// A git gate. It ends with an error, which what() explains, if it cannot
/// listen.
using gate = caf::typed_actor<caf::reacts_to<report_atom>>;

// -- configuration ------------------------------------------------------------

struct executor_config {
  /// The program that changes the firewall: a path, or a name that is looked
  /// for beside the application's executable and then on PATH.
  std::string shield = "terok-shield";
  /// If not empty: the socket of a verdict helper, a process that runs the
  /// shield. Then `shield` is not used.
  std::string helper_socket;
};

struct hub_config {
  std::string clearance_socket; ///< absolute path of the socket for operators
  std::string reader_socket;    ///< absolute path of the socket for readers
  embedding::executor executor;
  std::string only_container; ///< serves this container only; empty: serves all
  std::size_t open_requests_max = 32768;
  std::size_t readers_max = 8192;
  std::size_t clients_max = 8192;
  std::size_t subscribers_max = 4096;
  /// Whether the application and clients at the clearance socket can look at
  /// prompts and decide them. Each event then costs a little more.
  bool prompts = true;
  /// Decides prompts without a person. If it is refused the hub serves, decides
  /// nothing by itself and says so in its log; `reload_atom` tells the fault.
  policy_source policy;
  audit_config audit;
  /// Adds up what the hub counts. May be empty.
  embedding::metrics metrics;
};

struct gate_config {
  std::string mirror_root; ///< the directory that holds the bare repositories
  /// the repository's name: `<mirror_root>/<scope>.git` is served
  std::string scope;
  std::string token;        ///< the password for reading and writing
  std::string socket;       ///< path of the socket; if empty, `port` is used
  std::uint16_t port = 0;   ///< a port on the loopback interface
  std::string home;         ///< HOME of git; empty: a private directory is made
  std::string hooks_path;   ///< directory of git hooks; empty: no hook runs
  std::size_t git_max = 16; ///< git processes that run at a time
  /// Adds up what the gate counts. May be empty.
  embedding::metrics metrics;
};

// -- log ----------------------------------------------------------------------

/// How important a log entry is. `notice` is for the audit trail, which has an
/// entry for every verdict, and for counters that somebody asked for.
enum class log_level : std::uint8_t { debug, info, warning, error, notice };

/// One log entry. The views are valid during the call only. Values that a peer
/// chose are escaped: they are printable ASCII.
struct log_entry {
  log_level level = log_level::info;
  std::string_view component; ///< the name of the actor: "hub", "registry"
  std::string_view text;      ///< what happened
  /// what it happened to, and why; a value may be empty
  std::vector<std::pair<std::string_view, std::string_view>> fields;
};

/// Gets the log entries of all our actors. It is called on the loop's thread
/// and on CAF's, on several at a time. It must not block. If it throws, the
/// entry is lost.
using log_sink = std::function<void(const log_entry&)>;

/// Sets the sink for the whole process, and the lowest level that reaches it;
/// notices always reach it. An empty sink: nothing is logged. If this function
/// is not called before start_loop(), entries from `info` on go to stderr, a
/// line each.
void set_log_sink(log_sink sink, log_level threshold = log_level::info);

/// A log entry as one line without its end, as the default sink writes it:
/// `component: text key=value key="two words"`.
std::string to_string(const log_entry& x);

// -- start --------------------------------------------------------------------

/// Makes our message types known to CAF. Call it before you make the
/// actor_system.
void add_types(caf::actor_system_config& config);

/// The version of the library that is linked, such as "1.2.3".
const char* version() noexcept;

/// Starts the loop: an actor with a thread of its own, which does all input and
/// output. An exit message stops it; first all actors that run on it end.
/// Throws std::system_error or std::bad_alloc if it cannot be started.
caf::actor start_loop(caf::actor_system& system);

/// These functions start an actor on `loop` and return when it runs. They
/// return an error, which what() explains, if `loop` is empty or has ended, or
/// if they are called on the loop's own thread; start_hub() also if
/// `config.executor` is empty, or if its audit trail cannot be opened;
/// start_gate() and start_metrics() also if the configuration is wrong; all if
/// `config.metrics` is not an actor that start_metrics() started on this loop,
/// or has ended. They throw std::bad_alloc if there is no memory. A socket that
/// cannot be bound is no error here: the actor ends later with an error, so
/// monitor it. (The port of start_metrics() is bound at once.)
///
/// start_hub() reads the files of the policy. If the last hub that wrote the
/// same audit trail is still ending, start_hub() waits for it, at most 2 s.
caf::expected<executor> start_executor(const caf::actor& loop,
                                       const executor_config& config);
caf::expected<hub> start_hub(const caf::actor& loop, const hub_config& config);
caf::expected<gate> start_gate(const caf::actor& loop,
                               const gate_config& config);
caf::expected<metrics> start_metrics(const caf::actor& loop,
                                     const metrics_config& config);

/// Waits until the audit trails of all hubs are written, at most `max`. Call it
/// when the loop has ended and before the program ends. False: some records are
/// not written yet, and are lost if the program ends; or a hub still runs. If a
/// write failed at a hub's end, the log says so, and nothing is waited for.
bool flush_audit_trails(std::chrono::milliseconds max = std::chrono::seconds{
                            2});

/// A sentence that explains an error with which one of these actors ended.
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
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::prompt))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::prompts))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::list_prompts))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::decision))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::quiet))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::history))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::made_decision))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::decisions))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::question))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::explanation))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::prompt_watcher))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::policy_rule))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::policy_text))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::policy_source))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::policy_fault))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::policy_status))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::list_rules))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::rules))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::counter))
CAF_ADD_TYPE_ID(clearance, (clearance::embedding::counters))
CAF_END_TYPE_ID_BLOCK(clearance)
