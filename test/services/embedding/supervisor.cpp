// An example of a host: a supervisor with an actor system and messages of its
// own, which runs a hub, an executor and a gate, answers the first block by a
// rule, and starts the hub again when it dies. The hub has a policy and an
// audit trail, and its counters can be asked for.
//
// Usage: supervisor DIRECTORY SHIELD MIRRORS. It serves in DIRECTORY, runs the
// program SHIELD, and ends when stdin says `stop` or ends. Exit codes: 0 it was
// told to stop; 1 something could not be started, and stderr says what.

#include <caf/all.hpp>

#include <atomic>
#include <chrono>
#include <clearance/clearance.hpp>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

// The application's type ids begin at the usual number; the library's begin
// elsewhere.
struct order {
  std::string text;
};

template <class Inspector>
auto inspect(Inspector& f, order& x) {
  return f(caf::meta::type_name("order"), x.text);
}

CAF_BEGIN_TYPE_ID_BLOCK(example, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(example, (order))
CAF_END_TYPE_ID_BLOCK(example)

namespace {

namespace clr = clearance::embedding;

void say(const std::string& text) {
  // one write: several threads log
  std::cout << text + "\n" << std::flush;
}

/// What was started. value() of CAF 0.17.6 does not check: an error that is not
/// looked at is undefined behaviour.
template <class T>
T started(caf::expected<T> x, const std::string& what) {
  if (!x)
    throw std::runtime_error("cannot start " + what + ": "
                             + clr::what(x.error()));
  return std::move(*x);
}

std::atomic<int> exit_code = 0;

struct options {
  std::string directory, shield, mirrors;
};

struct state {
  options where;
  caf::actor loop;
  clr::executor executor;
  clr::metrics metrics;
  clr::hub hub;
  clr::gate gate;
};

using self_pointer = caf::stateful_actor<state>*;

/// Answers every block by the application's own rule; no socket is needed. Ends
/// with its hub, because CAF's clock would keep it alive until its requests
/// time out.
clr::subscriber::behavior_type judge(clr::subscriber::pointer self,
                                     clr::hub hub) {
  self->monitor(hub);
  self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
  return {[=](const clr::events& batch) {
    for (const auto& x : batch.list) {
      say("event: " + x.type + " " + x.container);
      if (x.type != "connection_blocked")
        continue;
      auto dest = x.domain.empty() ? x.dest : x.domain;
      auto action = dest.ends_with(".example.com") ? "allow" : "deny";
      self->request(hub, std::chrono::seconds(75),
                    clr::verdict{x.container, x.request_id, dest, action})
          .then([=](const clr::verdict_result& y) {
            say(y.ok ? "verdict: " + std::string(action) : y.error);
          });
    }
    return clr::more_atom::value;
  }};
}

/// The policy: what this rule matches is denied without asking anybody.
clr::policy_rule no_telemetry() {
  clr::policy_rule result;
  result.name = "no telemetry";
  result.why = "nobody wants to be asked about it";
  result.every_container = true;
  result.to = {"**.telemetry.example"};
  result.every_port = true;
  result.action = "deny";
  return result;
}

void start_hub(self_pointer self) {
  auto& my = self->state;
  clr::hub_config config;
  config.clearance_socket = my.where.directory + "/hub.sock";
  config.reader_socket = my.where.directory + "/reader.sock";
  config.executor = my.executor;
  config.policy.rules = {no_telemetry()};
  config.audit.file = my.where.directory + "/audit.jsonl";
  config.metrics = my.metrics;
  my.hub = started(clr::start_hub(my.loop, config), "the hub");
  self->monitor(my.hub);
  auto subscriber = self->system().spawn(judge, my.hub);
  self->request(my.hub, std::chrono::seconds(75), clr::subscribe_atom::value,
                subscriber)
      .then([](clr::subscribe_atom) { say("serving"); },
            [](const caf::error& why) {
              std::cerr << "cannot subscribe: " << clr::what(why) << "\n";
            });
}

/// The services could be ended one by one; the loop ends them all.
void stop(self_pointer self) {
  if (self->state.loop)
    self->send_exit(self->state.loop, caf::exit_reason::user_shutdown);
  self->state = {};
  self->quit();
}

/// An exception that leaves a handler would end the actor without a word.
void fail(self_pointer self, const std::exception& why) {
  std::cerr << why.what() << "\n";
  exit_code = 1;
  stop(self);
}

void start_all(self_pointer self, const options& where) {
  auto& my = self->state;
  my.where = where;
  my.loop = clr::start_loop(self->system());
  clr::executor_config executor;
  executor.shield = where.shield;
  my.executor = started(clr::start_executor(my.loop, executor), "the executor");
  my.metrics = started(clr::start_metrics(my.loop, {}), "the metrics");
  clr::gate_config gate;
  gate.mirror_root = where.mirrors;
  gate.scope = "r";
  gate.token = "the-token";
  gate.socket = where.directory + "/gate.sock";
  gate.metrics = my.metrics;
  my.gate = started(clr::start_gate(my.loop, gate), "the gate");
  start_hub(self);
}

/// Who decided what. The same way one asks for prompts, decides them, and asks
/// what the policy says; see the messages of clearance.hpp.
void tell_history(self_pointer self) {
  self->request(self->state.hub, std::chrono::seconds(75), clr::history{})
      .then(
          [](const clr::decisions& all) {
            for (const auto& x : all.list)
              say("decision: " + x.action + " " + x.target + " by "
                  + x.decider);
          },
          [](const caf::error& why) { say("no history: " + clr::what(why)); });
}

/// For a /metrics of the application `x.text` is enough.
void tell_counters(self_pointer self) {
  self->request(self->state.metrics, std::chrono::seconds(75),
                clr::counters_atom::value)
      .then([](const clr::counters& all) {
        for (const auto& x : all.list)
          if (x.name == "terok_clearance_verdicts_total")
            say("counter: " + x.name + " " + x.labels + " "
                + std::to_string(static_cast<int>(x.value)));
      });
}

void reload(self_pointer self) {
  self->request(self->state.hub, std::chrono::seconds(75),
                clr::reload_atom::value)
      .then([](const clr::policy_status& x) {
        say(x.ok ? "policy: " + x.state : "refused: " + x.fault.reason);
      });
}

caf::behavior supervise(self_pointer self, const options& where) {
  self->set_down_handler([self](const caf::down_msg& x) {
    say("the hub ended: " + clr::what(x.reason));
    try {
      start_hub(self);
    } catch (const std::exception& why) {
      fail(self, why);
    }
  });
  try {
    start_all(self, where);
  } catch (const std::exception& why) {
    fail(self, why);
    return {};
  }
  return {[self](const order& x) {
    say("order: " + x.text);
    if (x.text == "history")
      tell_history(self);
    if (x.text == "counters")
      tell_counters(self);
    if (x.text == "reload")
      reload(self);
    if (x.text == "kill")
      self->send_exit(self->state.hub, caf::exit_reason::kill);
    if (x.text == "stop")
      stop(self);
  }};
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4)
    return 2;
  // The log is the application's: here it goes to stdout.
  clr::set_log_sink(
      [](const clr::log_entry& x) { say("log: " + clr::to_string(x)); });
  caf::actor_system_config config;
  clr::add_types(config);
  config.add_message_types<caf::id_block::example>();
  {
    caf::actor_system system{config};
    auto supervisor =
        system.spawn(supervise, options{argv[1], argv[2], argv[3]});
    say(std::string("clearance ") + clr::version());
    for (std::string line; exit_code == 0 && std::getline(std::cin, line);)
      caf::anon_send(supervisor, order{line});
    caf::anon_send(supervisor, order{"stop"});
  }
  if (!clr::flush_audit_trails())
    say("the last records of the audit trail are not written");
  return exit_code;
}
