// The policy and the metrics of a hub, as an application sees them. See
// services/embedding/operators.hpp.

#include "actors/base/error.hpp"
#include "actors/operator/prompts.hpp"
#include "services/embedding/embedded_hub.hpp"
#include "services/embedding/embedded_metrics.hpp"
#include "test/support/fixture/actor_fixture.hpp"
#include "test/support/wire/events.hpp"

#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace embedded_policy_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::string_literals;
namespace face = clearance::embedding;
namespace inside = clearance::actors::embedding;

namespace {

const auto blocked_target = "203.0.113.7"s;

face::policy_rule rule_for(const std::string& name, const std::string& target,
                           const std::string& action = "deny") {
  face::policy_rule result;
  result.name = name;
  result.why = "a test";
  result.every_container = true;
  result.to = {target};
  result.every_port = true;
  result.action = action;
  return result;
}

face::policy_source source_of(std::vector<face::policy_rule> rules) {
  face::policy_source result;
  result.rules = std::move(rules);
  return result;
}

/// What the library makes of a source that has neither files nor texts.
inside::policy_load load_of(const face::policy_source& source) {
  auto read = inside::read_own_rules(source);
  inside::policy_load result;
  if (const auto* fault = std::get_if<protocol::policy_fault>(&read)) {
    result.status.fault = inside::to_face(*fault);
    result.what.state = "refused";
  } else {
    auto rules = std::get<protocol::policy_part>(std::move(read)).rules;
    result.status.ok = true;
    result.status.rules = static_cast<std::int64_t>(rules.rules.size());
    result.what.rules =
        std::make_shared<const protocol::policy>(std::move(rules));
    result.what.state = "loaded";
  }
  result.status.state = result.what.state;
  return result;
}

struct policy_fixture : actor_fixture {
  /// A load that the hub asked for, and that the test answers.
  struct wanted {
    face::policy_source source;
    std::function<void(inside::policy_load)> done;
  };

  std::deque<wanted> loads;
  int reopened = 0;
  inbox caller{*this};
  inside::embedded_hub_actor hub;
  actors::counter_board_ptr board;

  void start(const face::policy_source& policy = {}, bool keeps = true) {
    inside::embedded_hub_config config;
    config.inner.io = &io;
    config.inner.clearance_socket = "/run/hub.sock";
    config.inner.reader_socket = "/run/ingester.sock";
    config.inner.board = board;
    actors::prompts_config mine;
    mine.boot = "boot";
    if (keeps)
      config.inner.spawn_operators = actors::operators_with(std::move(mine));
    config.who = {7, 8, "host", true};
    config.policy = policy;
    if (!inside::is_empty(policy))
      config.first = load_of(policy);
    config.load = [this](const face::policy_source& x, auto done) {
      loads.push_back({x, std::move(done)});
    };
    config.reopen_audit = [this] { ++reopened; };
    hub = inside::spawn_embedded_hub(io, std::move(config));
    run();
  }

  ~policy_fixture() {
    loads.clear();
    end_hosted();
    hub = nullptr;
  }
  policy_fixture() = default;

  template <class Question>
  void tell(Question x) {
    caller.tell(hub, std::move(x));
    run();
  }

  template <class Answer, class Question>
  Answer ask(Question x) {
    tell(std::move(x));
    return caller.only<Answer>();
  }

  /// The load that is asked for now ends.
  void finish() {
    REQUIRE(loads.size() == 1);
    auto x = std::move(loads.front());
    loads.pop_front();
    x.done(load_of(x.source));
    run();
  }

  face::policy_status load(const face::policy_source& x) {
    tell(x);
    finish();
    return caller.only<face::policy_status>();
  }

  std::vector<std::string> names_in_force() {
    std::vector<std::string> result;
    for (const auto& x : ask<face::rules>(face::list_rules{}).list)
      result.push_back(x.name);
    return result;
  }

  void emit_block() {
    auto reader = io.connect("/run/ingester.sock");
    run();
    reader->bring(lines(1, 1), actors::stream_end::eof);
    run();
  }

  face::prompt only_prompt() {
    const auto all = ask<face::prompts>(face::list_prompts{});
    REQUIRE(all.list.size() == 1);
    return all.list[0];
  }
};

std::string key_of_fault(const face::policy_source& x) {
  const auto read = inside::read_own_rules(x);
  const auto* fault = std::get_if<protocol::policy_fault>(&read);
  if (fault == nullptr)
    return "";
  CHECK(fault->file == "application");
  return fault->key + " " + std::to_string(fault->line);
}

} // namespace

TEST_CASE("the policy of an application decides from the start") {
  policy_fixture s;
  s.start(source_of({rule_for("no tests", blocked_target)}));
  s.emit_block();
  const auto x = s.only_prompt();
  CHECK(x.state == "decided");
  CHECK(x.action == "deny");
  CHECK(x.decider == "policy");
  CHECK(x.result == "left_denied");
  const auto in_force = s.ask<face::rules>(face::list_rules{});
  CHECK(in_force.state == "loaded");
  REQUIRE(in_force.list.size() == 1);
  CHECK(in_force.list[0].name == "no tests");
  CHECK(in_force.list[0].file == "application");
  CHECK(in_force.list[0].line == 1);
  CHECK(in_force.list[0].to == std::vector{blocked_target});
  CHECK(in_force.list[0].every_port);
  CHECK(in_force.list[0].every_container);
}

TEST_CASE("a hub takes a new policy while it runs, and looks at what waits") {
  policy_fixture s;
  s.start();
  s.emit_block();
  CHECK(s.only_prompt().state == "waiting");
  CHECK(s.names_in_force().empty());
  const auto status = s.load(source_of({rule_for("no tests", blocked_target)}));
  CHECK(status.ok);
  CHECK(status.rules == 1);
  CHECK(status.state == "loaded");
  CHECK(status.fault.reason.empty());
  CHECK(s.only_prompt().decider == "policy");
}

TEST_CASE("a policy that is refused changes nothing, and the answer says why") {
  policy_fixture s;
  s.start(source_of({rule_for("first", "192.0.2.1")}));
  auto bad = rule_for("second", "192.0.2.2", "allow");
  const auto status = s.load(source_of({rule_for("third", "192.0.2.3"), bad}));
  CHECK_FALSE(status.ok);
  CHECK(status.rules == 1);
  CHECK(status.state == "refused");
  CHECK(status.fault.file == "application");
  CHECK(status.fault.line == 2);
  CHECK(status.fault.key == "expires");
  CHECK(status.fault.reason == "is missing; a rule that allows needs it");
  CHECK(s.names_in_force() == std::vector{"first"s});
  // What is loaded again is the source that is in force.
  s.tell(face::reload_atom::value);
  REQUIRE(s.loads.size() == 1);
  CHECK(s.loads.front().source.rules.at(0).name == "first");
  s.finish();
  CHECK(s.caller.only<face::policy_status>().ok);
}

TEST_CASE("a policy that was refused at the start is read again at a reload") {
  policy_fixture s;
  s.start(source_of({rule_for("", "192.0.2.1")}));
  CHECK(s.names_in_force().empty());
  s.tell(face::reload_atom::value);
  CHECK(s.reopened == 1);
  REQUIRE(s.loads.size() == 1);
  CHECK(s.loads.front().source.rules.size() == 1);
  // The application has mended it meanwhile.
  s.loads.front().source.rules[0].name = "first";
  s.finish();
  CHECK(s.caller.only<face::policy_status>().ok);
  CHECK(s.names_in_force() == std::vector{"first"s});
}

TEST_CASE("policies are loaded one after another, and the last one stays") {
  policy_fixture s;
  s.start();
  s.tell(source_of({rule_for("first", "192.0.2.1")}));
  s.tell(source_of({rule_for("second", "192.0.2.1")}));
  s.tell(face::reload_atom::value);
  CHECK(s.loads.front().source.rules.at(0).name == "first");
  s.finish();
  CHECK(s.loads.front().source.rules.at(0).name == "second");
  s.finish();
  // That of before is now the second one.
  CHECK(s.loads.front().source.rules.at(0).name == "second");
  s.finish();
  CHECK(s.loads.empty());
  CHECK(s.caller.take<face::policy_status>().size() == 3);
  CHECK(s.names_in_force() == std::vector{"second"s});
}

TEST_CASE("a hub that ends answers who waits for a load") {
  policy_fixture s;
  s.start();
  s.tell(source_of({}));
  s.tell(face::reload_atom::value);
  caf::anon_send_exit(s.hub, caf::exit_reason::user_shutdown);
  s.run();
  CHECK(s.caller.take<caf::error>()
        == std::vector<caf::error>(2, caf::sec::request_receiver_down));
  // The load ends later than the hub.
  s.finish();
}

TEST_CASE("a hub without prompts has no policy, and says so") {
  policy_fixture s;
  s.start({}, false);
  s.tell(source_of({}));
  s.tell(face::reload_atom::value);
  s.tell(face::list_rules{});
  const auto errors = s.caller.take<caf::error>();
  REQUIRE(errors.size() == 3);
  for (const auto& x : errors)
    CHECK(actors::what(x) == "the hub keeps no prompts");
  // Its audit trail is there.
  CHECK(s.reopened == 1);
}

TEST_CASE("a rule of an application is checked as one in a file") {
  const auto good = rule_for("x", "*.example.com");
  CHECK(key_of_fault(source_of({good})).empty());
  auto x = good;
  x.every_container = false; // an empty list must not mean everything
  CHECK(key_of_fault(source_of({good, x})) == "on 2");
  x = good;
  x.every_port = false;
  CHECK(key_of_fault(source_of({x})) == "ports 1");
  x = good;
  x.ports = {0};
  CHECK(key_of_fault(source_of({x})) == "ports 1");
  x = good;
  x.to.clear();
  CHECK(key_of_fault(source_of({x})) == "to 1");
  x = good;
  x.to = {"a.*.example.com"};
  CHECK(key_of_fault(source_of({x})) == "to 1");
  x = good;
  x.on = {{"project", ""}};
  CHECK(key_of_fault(source_of({x})) == "on.project 1");
  x = good;
  x.action = "maybe";
  CHECK(key_of_fault(source_of({x})) == "action 1");
  x = good;
  x.why.clear();
  CHECK(key_of_fault(source_of({x})) == "why 1");
  for (const char* day : {"2027-02-30", "2027-2-3", "tomorrow", "2027/03/01",
                          "2027-03-01T00", "99999-01-01"}) {
    CAPTURE(day);
    x = good;
    x.expires = day;
    CHECK(key_of_fault(source_of({x})) == "expires 1");
  }
  face::policy_source source;
  source.fallback = "allow";
  CHECK(key_of_fault(source) == "default 0");
  source = {};
  source.unattended = "ask";
  CHECK(key_of_fault(source) == "unattended 0");
}

TEST_CASE("a rule in force is what the application gave") {
  auto x = rule_for("x", "*.example.com", "allow");
  x.on = {{"container", "web-*"}};
  x.ports = {443, 8443};
  x.expires = "2027-03-01";
  x.quiet = true;
  x.opens_everything = true;
  const auto read = inside::read_own_rules(source_of({x}));
  const auto& all = std::get<protocol::policy_part>(read).rules.rules;
  REQUIRE(all.size() == 1);
  const auto y = inside::to_face(all[0]);
  CHECK(y.name == x.name);
  CHECK(y.why == x.why);
  CHECK(y.on == x.on);
  CHECK_FALSE(y.every_container);
  CHECK(y.to == x.to);
  CHECK(y.ports == x.ports);
  CHECK_FALSE(y.every_port);
  CHECK(y.action == "allow");
  CHECK(y.expires == x.expires);
  CHECK(y.quiet);
  CHECK(y.opens_everything);
}

TEST_CASE("an application is told what its hubs count, also those that ended") {
  policy_fixture s;
  auto metrics = inside::spawn_embedded_metrics(s.io, nullptr);
  s.run();
  s.board = inside::board_of(metrics, s.io);
  REQUIRE(s.board);
  // Without prompts, which count on the I/O thread alone.
  s.start({}, false);
  s.emit_block();
  auto value = [&](const std::string& name, const std::string& labels = "") {
    s.caller.tell(metrics, face::counters_atom::value);
    s.run();
    const auto all = s.caller.only<face::counters>();
    CHECK(all.text.find("\n" + name) != std::string::npos);
    double result = -1;
    for (const auto& x : all.list)
      if (x.name == name && x.labels == labels)
        result = x.value;
    return result;
  };
  CHECK(value("terok_clearance_events_total") == 1);
  CHECK(value("terok_clearance_reader_lines_total") == 1);
  caf::anon_send_exit(s.hub, caf::exit_reason::user_shutdown);
  s.run();
  CHECK(value("terok_clearance_events_total") == 1);
  caf::anon_send_exit(metrics, caf::exit_reason::user_shutdown);
  s.run();
  CHECK_FALSE(inside::board_of(metrics, s.io));
}

} // namespace embedded_policy_tests
