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

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

/// The question to operators about one container and one target. Strings are
/// printable ASCII, times are microseconds since the epoch; the fields are
/// those of `Prompt` of org.terok.ClearanceOperator1.
struct prompt {
  std::string id;
  std::int64_t revision = 0; ///< grows with what one must know to decide
  std::string container;
  std::string target;
  std::string domain; ///< empty: there is no name
  std::string dest;
  std::vector<std::string> flags; ///< such as "private_address"
  std::vector<std::int64_t> ports;
  std::int64_t first_seen = 0;
  std::int64_t last_seen = 0;
  std::int64_t count = 0; ///< of blocks
  std::string state;      ///< "waiting", "deciding", "decided" or "gone"
  std::string why;        ///< why it is gone
  bool quiet = false;
  std::string opens;   ///< what an allow opens, as a sentence for people
  std::string action;  ///< of the decision; empty: there is none
  std::string decider; ///< "operator", "policy" or "application"
  std::string result;  ///< "applied", "failed", "pending" or "left_denied"
};

/// Some prompts. For a prompt watcher: what each is like now, and the ids of
/// those that have left.
struct prompts {
  bool fresh = false; ///< forget all that you knew before this message
  std::vector<prompt> list;
  std::vector<std::string> removed;
};

/// Asks for the prompts of a container; empty: of all.
struct list_prompts {
  std::string container;
};

/// Decides a prompt. An allow needs its current revision. Possible errors of
/// org.terok.ClearanceOperator1: NoSuchPrompt, PromptChanged, AlreadyDecided,
/// DecisionFailed, ScopeNotSupported and InvalidAction. The value of a field of
/// such an error may be a JSON object.
struct decision {
  std::string prompt; ///< its id
  std::int64_t revision = 0;
  std::string action; ///< "allow" or "deny"
  std::string reason; ///< for the record; may be empty
  /// An allow ends after so many seconds, where the executor can do that; 0: it
  /// does not end.
  std::int64_t seconds = 0;
};

/// Stops the prompts of a container from asking for attention, or lets them.
struct quiet {
  std::string container;
  bool on = true;
};

/// Asks for the newest `limit` decisions behind `after` (0: all that the hub
/// remembers), of one container or, if that is empty, of all.
struct history {
  std::int64_t after = 0; ///< made_decision::seq
  std::int64_t limit = 0;
  std::string container;
};

/// A decision, as `Decision` of org.terok.ClearanceOperator1.
struct made_decision {
  std::int64_t seq = 0; ///< grows with every decision of the hub
  std::string prompt;
  std::string container;
  std::string target;
  std::string action;
  std::string decider; ///< "operator", "policy" or "application"
  std::string name;    ///< what the decider says of itself; may be empty
  std::string reason;
  std::string rule;   ///< of the policy; empty: none
  std::string result; ///< as prompt::result
  std::string error;  ///< why it failed
  std::int64_t at = 0;
};

/// The newest is the last.
struct decisions {
  std::vector<made_decision> list;
};

/// Asks what the policy says: about a prompt, or if `prompt` is empty about
/// what the other fields say.
struct question {
  std::string prompt;
  std::string container;
  std::string target;
  std::vector<std::pair<std::string, std::string>> dossier;
  std::vector<std::string> addresses;
  std::vector<std::int64_t> ports;
};

struct explanation {
  std::string decision;             ///< "allow", "deny" or "ask"
  std::vector<std::string> rules;   ///< that match
  std::vector<std::string> unknown; ///< facts that rules ask for
  std::string opens;                ///< as prompt::opens
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
/// without prompts answers messages about prompts with an error.
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
    caf::replies_to<question>::with<explanation>, caf::reacts_to<report_atom>>;

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
/// `config.executor` is empty; start_gate() also if the configuration is wrong.
/// They throw std::bad_alloc if there is no memory. A socket that cannot be
/// bound is no error here: the actor ends later with an error, so monitor it.
caf::expected<executor> start_executor(const caf::actor& loop,
                                       const executor_config& config);
caf::expected<hub> start_hub(const caf::actor& loop, const hub_config& config);
caf::expected<gate> start_gate(const caf::actor& loop,
                               const gate_config& config);

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
auto inspect(Inspector& f, prompt& x) {
  return f(caf::meta::type_name("clearance::embedding::prompt"), x.id,
           x.revision, x.container, x.target, x.domain, x.dest, x.flags,
           x.ports, x.first_seen, x.last_seen, x.count, x.state, x.why, x.quiet,
           x.opens, x.action, x.decider, x.result);
}

template <class Inspector>
auto inspect(Inspector& f, prompts& x) {
  return f(caf::meta::type_name("clearance::embedding::prompts"), x.fresh,
           x.list, x.removed);
}

template <class Inspector>
auto inspect(Inspector& f, list_prompts& x) {
  return f(caf::meta::type_name("clearance::embedding::list_prompts"),
           x.container);
}

template <class Inspector>
auto inspect(Inspector& f, decision& x) {
  return f(caf::meta::type_name("clearance::embedding::decision"), x.prompt,
           x.revision, x.action, x.reason, x.seconds);
}

template <class Inspector>
auto inspect(Inspector& f, quiet& x) {
  return f(caf::meta::type_name("clearance::embedding::quiet"), x.container,
           x.on);
}

template <class Inspector>
auto inspect(Inspector& f, history& x) {
  return f(caf::meta::type_name("clearance::embedding::history"), x.after,
           x.limit, x.container);
}

template <class Inspector>
auto inspect(Inspector& f, made_decision& x) {
  return f(caf::meta::type_name("clearance::embedding::made_decision"), x.seq,
           x.prompt, x.container, x.target, x.action, x.decider, x.name,
           x.reason, x.rule, x.result, x.error, x.at);
}

template <class Inspector>
auto inspect(Inspector& f, decisions& x) {
  return f(caf::meta::type_name("clearance::embedding::decisions"), x.list);
}

template <class Inspector>
auto inspect(Inspector& f, question& x) {
  return f(caf::meta::type_name("clearance::embedding::question"), x.prompt,
           x.container, x.target, x.dossier, x.addresses, x.ports);
}

template <class Inspector>
auto inspect(Inspector& f, explanation& x) {
  return f(caf::meta::type_name("clearance::embedding::explanation"),
           x.decision, x.rules, x.unknown, x.opens);
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
CAF_END_TYPE_ID_BLOCK(clearance)
