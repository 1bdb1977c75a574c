/// What an application has to do with operators: their prompts and decisions,
/// the policy that decides without them, the audit trail and the metrics.
/// clearance.hpp includes this header; the handle of the hub, to which the
/// messages are sent, is there.
#pragma once

#include <caf/atom.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace clearance::embedding {

// -- prompts and decisions ----------------------------------------------------

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

// -- policy -------------------------------------------------------------------

/// A rule of the policy. terok-clearance-policy(5) says what each field means,
/// and which values are refused.
struct policy_rule {
  std::string name; ///< unique in the policy
  std::string why;  ///< required
  /// Keys of the dossier, or "container", and patterns for their values. A rule
  /// for all containers has none, and says so: a list that came out empty by
  /// mistake is refused.
  std::vector<std::pair<std::string, std::string>> on;
  bool every_container = false;
  /// names, wildcards, addresses, ranges of addresses; at least one
  std::vector<std::string> to;
  std::vector<std::int64_t> ports; ///< none: `every_port` says so
  bool every_port = false;
  std::string action;  ///< "allow", "deny" or "ask"
  std::string expires; ///< the last day, as 2027-03-01; an allow needs it
  bool quiet = false;  ///< decided without asking for attention
  /// of an allow: that it opens more than `to` and `ports` say is intended
  bool opens_everything = false;
  std::string file; ///< of a rule in force: where it comes from
  std::int64_t line = 0;
};

/// A policy file that the application has read itself, at most 1 MiB.
struct policy_text {
  std::string name; ///< stands for the file's name, in faults and in rules
  std::string text; ///< as terok-clearance-policy(5) describes it
};

/// Where the rules of a hub are. All parts together are its policy, with the
/// strictest `fallback` and `unattended` of all of them. Nothing in it: every
/// prompt waits for a person or the application.
struct policy_source {
  /// Absolute paths of directories. Each file *.toml in them is read; the
  /// directories and files must be root's or yours, and nobody else's to write.
  std::vector<std::string> directories;
  std::vector<policy_text> texts;
  /// Rules of the application. Faults and rules in force name them as the file
  /// "application"; the line is the place in this list, from 1.
  std::vector<policy_rule> rules;
  std::string fallback = "ask";     ///< for what no rule matches; or "deny"
  std::string unattended = "queue"; ///< for blocks nobody attends to; or "deny"
};

/// Why a policy was refused, or what is dubious in it.
struct policy_fault {
  std::string file;
  std::int64_t line = 0; ///< 0: the file as a whole
  std::string key;       ///< empty: no single key
  std::string reason;    ///< empty: there is no fault
};

/// What became of a load. A load is all or nothing: after a fault the policy of
/// before stays in force.
struct policy_status {
  bool ok = false;
  policy_fault fault;     ///< why it was refused
  std::int64_t rules = 0; ///< in force after the load
  std::string state;      ///< what operators are told, in words
  /// wildcards over a public suffix, such as "*.co.uk"
  std::vector<policy_fault> warnings;
};

/// Asks a hub to load its policy again from where it came from, and to go on in
/// a new file if that of its audit trail was renamed. The answer comes when the
/// new rules are in force, or were refused.
using reload_atom = caf::atom_constant<caf::atom("reload")>;

/// Asks for the rules in force.
struct list_rules {};

struct rules {
  std::vector<policy_rule> list;
  std::string state; ///< as policy_status::state
};

// -- audit trail --------------------------------------------------------------

/// The audit trail of a hub, which terok-clearance-audit(1) describes. Each hub
/// needs a file of its own.
struct audit_config {
  std::string file;      ///< absolute path; empty: there is no audit trail
  bool sync = false;     ///< a verdict waits until its record is on the disk
  bool required = false; ///< a verdict without its record is not executed
};

// -- metrics ------------------------------------------------------------------

/// One number that hubs and gates have counted, or a level that they have now.
struct counter {
  /// as Prometheus names it, such as "terok_clearance_verdicts_total"
  std::string name;
  /// such as `result="applied"`, never what a container chose; may be empty
  std::string labels;
  std::string type; ///< as Prometheus names it, such as "counter"
  double value = 0; ///< seconds or bytes, where the name says so
};

struct counters {
  std::vector<counter> list;
  /// the same for Prometheus, as "text/plain; version=0.0.4; charset=utf-8"
  std::string text;
};

/// Asks for all counters.
using counters_atom = caf::atom_constant<caf::atom("counters")>;

/// Adds up what the hubs and gates count that were started with it. What they
/// have counted stays when they end.
using metrics =
    caf::typed_actor<caf::replies_to<counters_atom>::with<counters>>;

struct metrics_config {
  /// Where the counters are served to Prometheus: the path of a socket, with a
  /// slash, or a port of a loopback address such as "127.0.0.1:9464". Empty:
  /// nowhere; the application asks for them.
  std::string address;
};

// -- for CAF ------------------------------------------------------------------

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
auto inspect(Inspector& f, policy_rule& x) {
  return f(caf::meta::type_name("clearance::embedding::policy_rule"), x.name,
           x.why, x.on, x.every_container, x.to, x.ports, x.every_port,
           x.action, x.expires, x.quiet, x.opens_everything, x.file, x.line);
}

template <class Inspector>
auto inspect(Inspector& f, policy_text& x) {
  return f(caf::meta::type_name("clearance::embedding::policy_text"), x.name,
           x.text);
}

template <class Inspector>
auto inspect(Inspector& f, policy_source& x) {
  return f(caf::meta::type_name("clearance::embedding::policy_source"),
           x.directories, x.texts, x.rules, x.fallback, x.unattended);
}

template <class Inspector>
auto inspect(Inspector& f, policy_fault& x) {
  return f(caf::meta::type_name("clearance::embedding::policy_fault"), x.file,
           x.line, x.key, x.reason);
}

template <class Inspector>
auto inspect(Inspector& f, policy_status& x) {
  return f(caf::meta::type_name("clearance::embedding::policy_status"), x.ok,
           x.fault, x.rules, x.state, x.warnings);
}

template <class Inspector>
auto inspect(Inspector& f, list_rules&) {
  return f(caf::meta::type_name("clearance::embedding::list_rules"));
}

template <class Inspector>
auto inspect(Inspector& f, rules& x) {
  return f(caf::meta::type_name("clearance::embedding::rules"), x.list,
           x.state);
}

template <class Inspector>
auto inspect(Inspector& f, counter& x) {
  return f(caf::meta::type_name("clearance::embedding::counter"), x.name,
           x.labels, x.type, x.value);
}

template <class Inspector>
auto inspect(Inspector& f, counters& x) {
  return f(caf::meta::type_name("clearance::embedding::counters"), x.list,
           x.text);
}

} // namespace clearance::embedding
