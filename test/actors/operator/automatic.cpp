// The policy in a running hub. Source: operator.md, sections 4 and 8.

#include "test/support/fixture/operators_fixture.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

namespace automatic_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
using protocol::policy_action;

namespace {

protocol::policy_rule rule_of(const std::string& name, policy_action action,
                              const std::string& target) {
  protocol::policy_rule result;
  result.name = name;
  result.why = "test";
  result.action = action;
  result.names.push_back(*protocol::parse_name_pattern(target));
  result.opens_everything = true;
  if (action == policy_action::allow)
    result.expires = std::chrono::year{2027} / 1 / 1;
  return result;
}

struct policy_stage : operators_fixture {
  void load(protocol::policy x) {
    caf::anon_send(
        prompts,
        actors::policy_loaded{
            std::make_shared<const protocol::policy>(std::move(x)), "loaded"});
    run();
  }

  void load(std::vector<protocol::policy_rule> rules) {
    protocol::policy x;
    x.rules = std::move(rules);
    load(std::move(x));
  }

  // The prompt of that number as `List` has it.
  json prompt(std::size_t number) {
    const auto list = ask("List");
    for (const auto& x : list["parameters"]["prompts"].as<json::array>())
      if (x["id"].text() == "boot-" + std::to_string(number))
        return x;
    return {};
  }

  std::string state(std::size_t number) {
    return prompt(number)["state"].text();
  }
};

} // namespace

TEST_CASE("a deny by the policy executes nothing and closes the requests") {
  policy_stage s;
  s.load({rule_of("no ads", policy_action::deny, "**.ads.org")});
  auto subscriber = s.client();
  subscriber->bring(
      {R"({"method":"org.terok.Clearance1.Subscribe","more":true})"});
  s.run();
  s.block("web", "r1", "x.ads.org");
  CHECK(s.executor.calls().empty());
  const auto x = s.prompt(1);
  CHECK(x["state"].text() == "decided");
  CHECK(x["rule"].text() == "no ads");
  CHECK(x["decision"]["result"].text() == "left_denied");
  CHECK(x["decision"]["by"]["kind"].text() == "policy");
  CHECK(x["decision"]["rule"].text() == "no ads");
  // The block is announced, then its verdict.
  auto heard = operators_fixture::replies(subscriber);
  REQUIRE_EQ(heard.size(), 2);
  const auto& applied = heard[1]["parameters"]["event"];
  CHECK(applied["type"].text() == "verdict_applied");
  CHECK(applied["action"].text() == "deny");
  // It is not asked again, and its request is gone.
  s.block("web", "r2", "x.ads.org");
  CHECK(s.state(1) == "decided");
  CHECK(s.prompt(2) == json{});
}

TEST_CASE("an allow by the policy is executed, with its rule in the log") {
  policy_stage s;
  s.load({rule_of("wheels", policy_action::allow, "pypi.org")});
  s.block("web", "r1", "pypi.org");
  REQUIRE_EQ(s.executor.calls().size(), 1);
  CHECK(s.executor.calls()[0].dest == "pypi.org");
  s.executor.succeed(0);
  const auto x = s.prompt(1);
  CHECK(x["state"].text() == "decided");
  CHECK(x["decision"]["result"].text() == "applied");
  CHECK(x["decision"]["by"]["kind"].text() == "policy");
  const auto line = s.log.only("verdict applied");
  CHECK(line["via"] == "policy");
  CHECK(line["rule"] == "wheels");
}

TEST_CASE("what failed by itself waits for a person until the next load") {
  policy_stage s;
  const auto rule = rule_of("wheels", policy_action::allow, "pypi.org");
  s.load({rule});
  s.block("web", "r1", "pypi.org");
  s.executor.answer(0, {false, "no"});
  auto x = s.prompt(1);
  CHECK(x["state"].text() == "waiting");
  CHECK(x["flags"] == json::parse(R"(["automatic_failed"])"));
  s.advance(10s);
  s.block("web", "r2", "pypi.org");
  CHECK_EQ(s.executor.calls().size(), 1);
  s.load({rule});
  CHECK_EQ(s.executor.calls().size(), 2);
}

TEST_CASE("a block behind an allow by the policy waits for a person") {
  policy_stage s;
  s.load({rule_of("wheels", policy_action::allow, "pypi.org")});
  s.block("web", "r1", "pypi.org");
  s.executor.succeed(0);
  s.advance(10s);
  s.block("web", "r2", "pypi.org");
  CHECK_EQ(s.executor.calls().size(), 1);
  const auto x = s.prompt(2);
  CHECK(x["state"].text() == "waiting");
  CHECK(x["flags"] == json::parse(R"(["allowed_before","automatic_failed"])"));
}

TEST_CASE("two run at a time, and one a second for a container") {
  policy_stage s;
  s.load({rule_of("all", policy_action::allow, "**.org")});
  for (const char* container : {"c1", "c2", "c3"})
    for (const char* name : {"a.x.org", "b.x.org"})
      s.block(container, std::string{name}, name);
  CHECK_EQ(s.executor.calls().size(), 2);
  s.executor.succeed(0);
  // c1 and c2 have to wait, c3 has not.
  REQUIRE_EQ(s.executor.calls().size(), 3);
  CHECK(s.executor.calls()[2].container == "c3");
  s.executor.succeed(1);
  s.executor.succeed(2);
  CHECK_EQ(s.executor.calls().size(), 3);
  s.advance(1s);
  CHECK_EQ(s.executor.calls().size(), 5);
}

TEST_CASE("a load judges the prompts that wait") {
  policy_stage s;
  s.block("web", "r1", "a.org");
  s.block("web", "r2", "b.org");
  s.load({rule_of("no", policy_action::deny, "a.org"),
          rule_of("who", policy_action::ask, "b.org")});
  CHECK(s.state(1) == "decided");
  const auto x = s.prompt(2);
  CHECK(x["state"].text() == "waiting");
  CHECK(x["rule"].text() == "who");
  CHECK(s.ask("Explain", R"({"prompt":"boot-2"})")["parameters"]["rules"]
        == json::parse(R"(["who"])"));
}

TEST_CASE("a load that failed changes nothing, and says so") {
  policy_stage s;
  s.load({rule_of("no", policy_action::deny, "a.org")});
  caf::anon_send(s.prompts,
                 actors::policy_loaded{nullptr, "p.toml:3: to: is empty"});
  s.run();
  const auto reply = s.ask("Rules");
  const auto& rules = reply["parameters"];
  CHECK(rules["state"].text() == "p.toml:3: to: is empty");
  CHECK(rules["rules"].as<json::array>().size() == 1);
  s.block("web", "r1", "a.org");
  CHECK(s.state(1) == "decided");
  s.log.only("the policy could not be loaded, the one of before stays in "
             "force");
  // The log says so each minute, until a load succeeds.
  const auto reminders = [&] {
    return s.log
        .with("the policy can still not be loaded, the one of before is in "
              "force; correct the file and send SIGHUP")
        .size();
  };
  s.advance(59s);
  CHECK(reminders() == 0);
  s.advance(1s);
  CHECK(reminders() == 1);
  s.advance(60s);
  CHECK(reminders() == 2);
  s.load(std::vector<protocol::policy_rule>{});
  s.advance(600s);
  CHECK(reminders() == 2);
  // Of several hubs of a process one says so.
  actors::policy_loaded silent{nullptr, "p.toml:3: to: is empty", false};
  s.log.clear();
  caf::anon_send(s.prompts, silent);
  s.advance(600s);
  CHECK(s.log.all().empty());
}

TEST_CASE("a deny of what nobody attends begins after 30 s without anybody") {
  policy_stage s;
  protocol::policy x;
  x.unattended = protocol::unattended_blocks::deny;
  s.load(x);
  s.block("web", "r1", "a.org");
  CHECK(s.state(1) == "waiting");
  s.pass(30s);
  s.block("web", "r2", "b.org");
  CHECK(s.state(2) == "decided");
  CHECK(s.executor.calls().empty());
  // What waited before still waits, and whoever attends is asked.
  CHECK(s.state(1) == "waiting");
  auto watcher = s.watch(R"({"attends":true})");
  s.block("web", "r3", "c.org");
  CHECK(s.state(3) == "waiting");
}

} // namespace automatic_tests
