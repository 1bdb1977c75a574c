// In which order verdicts on one target are executed. Source: operator.md,
// section 8; clearance.md, section 5.

#include "protocol/base/limits.hpp"
#include "protocol/operator/limits.hpp"
#include "test/support/fixture/registry_fixture.hpp"
#include "test/support/wire/wire_event.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace registry_turns_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
using protocol::event_type;
using protocol::verdict_outcome;
using kind = protocol::verdict_outcome::kind;
using execution = protocol::prompt_table::execution;
namespace operator_limits = protocol::operator_limits;

namespace {

const std::string address = "203.0.113.7"; // of every block

const verdict_outcome ok{kind::ok, {}};

verdict_outcome unknown(std::string id) {
  return {kind::unknown_request, {std::move(id)}};
}

verdict_outcome failed(std::string why, std::string action = "allow") {
  return {kind::shield_cli_failed, {std::move(action), std::move(why)}};
}

/// `verdict_applied`, as "request action" or "request action failed".
std::vector<std::string> applied(const std::string& wire) {
  std::vector<std::string> result;
  std::size_t at = 0;
  for (auto end = wire.find('\0'); end != std::string::npos;
       end = wire.find('\0', at)) {
    const auto x = wire_event::of_reply(wire.substr(at, end - at));
    result.push_back(x.request_id + " " + x.action + (x.ok ? "" : " failed"));
    at = end + 1;
  }
  return result;
}

struct turns_fixture : registry_fixture {
  inbox prompts{*this};
  subscriber_client watcher{*this};

  explicit turns_fixture(int requests) {
    announce(blocks(1, requests));
    watcher.heard();
  }

  /// Decides the open request that was announced as number `n`.
  void decide(std::uint64_t n, protocol::action what) {
    prompts.tell(registry, actors::execute{"c1", {n}, what, {}, {}});
    run();
  }

  actors::executed decided() { return prompts.only<actors::executed>(); }

  std::vector<protocol::action> actions() const {
    std::vector<protocol::action> result;
    for (const auto& x : executor.calls())
      result.push_back(x.action);
    return result;
  }

  std::vector<std::string> announced() { return applied(watcher.heard()); }
};

using texts = std::vector<std::string>;
constexpr auto allow = protocol::action::allow;
constexpr auto deny = protocol::action::deny;

} // namespace

TEST_CASE("verdicts on one target that disagree are executed in their order") {
  turns_fixture s{5};
  s.ask("c1:1");
  s.ask("c1:2");
  s.ask("c1:3", address, "deny");
  s.ask("c1:4"); // behind the one that waits
  CHECK(s.actions() == std::vector{allow, allow});
  s.ask("c1:3"); // it waits, so it is answered already
  CHECK(s.outcome() == unknown("c1:3"));
  s.executor.succeed(1);
  CHECK(s.outcome() == ok);
  CHECK_EQ(s.executor.calls().size(), 2);
  s.executor.answer(0, {false, "no"});
  CHECK(s.outcome() == failed("no"));
  CHECK(s.actions() == std::vector{allow, allow, deny});
  s.executor.succeed(2);
  CHECK(s.outcome() == ok);
  CHECK(s.actions() == std::vector{allow, allow, deny, allow});
  s.executor.succeed(3);
  CHECK(s.outcome() == ok);
  s.ask("c1:5", address, "deny"); // nothing is left behind
  CHECK_EQ(s.executor.calls().size(), 5);
}

TEST_CASE("other targets and other containers do not wait") {
  turns_fixture s{1};
  protocol::event other;
  other.container = "c1";
  other.request_id = "o1";
  other.dest = "203.0.113.8";
  protocol::event elsewhere = other;
  elsewhere.container = "c2";
  elsewhere.dest = address;
  s.announce({actors::make_event(other), actors::make_event(elsewhere)});
  s.ask("c1:1");
  s.ask("o1", other.dest, "deny");
  s.ask("o1", address, "deny", "c2");
  CHECK_EQ(s.executor.calls().size(), 3);
}

TEST_CASE("all spellings of a name are one target") {
  registry_fixture s;
  std::vector<actors::event_ptr> events;
  for (const auto* domain : {"a.example.org", "A.Example.org."}) {
    protocol::event x;
    x.container = "c1";
    x.request_id = domain;
    x.dest = address;
    x.domain = domain;
    events.push_back(actors::make_event(x));
  }
  s.announce(events);
  s.ask("a.example.org", "a.example.org");
  s.ask("A.Example.org.", "A.Example.org.", "deny");
  CHECK_EQ(s.executor.calls().size(), 1);
}

TEST_CASE("a verdict does not run beside a decision about its prompt") {
  turns_fixture s{3};
  s.decide(1, allow);
  s.ask("c1:2"); // it agrees, and waits nevertheless
  CHECK_EQ(s.executor.calls().size(), 1);
  SUBCASE("that failed: then it is executed") {
    s.executor.answer(0, {false, "no"});
    CHECK(s.decided().how == execution::failed);
    CHECK_EQ(s.executor.calls().size(), 2);
    s.executor.succeed(1);
    CHECK(s.outcome() == ok);
    CHECK(s.announced() == texts{"c1:1 allow failed", "c1:2 allow"});
  }
  SUBCASE("that was applied: its request is closed with the prompt's") {
    s.ask("c1:3", address, "deny");
    s.executor.succeed(0);
    CHECK(s.decided().how == execution::applied);
    CHECK_EQ(s.executor.calls().size(), 1);
    CHECK(s.announced() == texts{"c1:1 allow", "c1:2 allow", "c1:3 allow"});
    CHECK(s.caller.take<verdict_outcome>()
          == std::vector{unknown("c1:2"), unknown("c1:3")});
    CHECK_FALSE(s.live("c1:2"));
  }
}

TEST_CASE("a decision waits for the verdicts on its target") {
  turns_fixture s{3};
  s.ask("c1:1");
  s.ask("c1:2");
  s.decide(3, allow);
  CHECK_EQ(s.executor.calls().size(), 2);
  s.executor.succeed(0);
  CHECK_EQ(s.executor.calls().size(), 2);
  s.executor.succeed(1);
  CHECK_EQ(s.executor.calls().size(), 3);
  s.executor.succeed(2);
  CHECK(s.decided().how == execution::applied);
  CHECK(s.announced() == texts{"c1:1 allow", "c1:2 allow", "c1:3 allow"});
}

TEST_CASE("what was dropped or replaced while it waited is not executed") {
  turns_fixture s{3};
  s.ask("c1:1");
  s.ask("c1:2", address, "deny");
  s.decide(3, deny);
  SUBCASE("dropped") {
    s.announce({plain(event_type::container_exited)});
  }
  SUBCASE("replaced") {
    s.announce({blocked(2), blocked(3)});
  }
  CHECK(s.caller.take<verdict_outcome>().empty());
  s.executor.succeed(0);
  CHECK(s.caller.take<verdict_outcome>() == std::vector{ok, unknown("c1:2")});
  CHECK(s.decided().how == execution::changed);
  CHECK_EQ(s.executor.calls().size(), 1);
}

TEST_CASE("a verdict waits for others on its target for 10 s") {
  turns_fixture s{4};
  s.ask("c1:1");
  s.ask("c1:2", address, "deny");
  s.advance(operator_limits::verdict_turn_max_wait);
  s.advance(1ms);
  s.ask("c1:3", address, "deny");
  s.executor.succeed(0);
  CHECK(
      s.caller.take<verdict_outcome>()
      == std::vector{
          ok, failed("another verdict on this target took too long", "deny")});
  CHECK(s.announced() == texts{"c1:1 allow", "c1:2 deny failed"});
  REQUIRE_EQ(s.executor.calls().size(), 2); // the last one
  s.executor.succeed(1);
  CHECK(s.outcome() == ok);
  CHECK(s.live("c1:2"));
}

TEST_CASE("an executor that does not answer holds nobody for more than 60 s") {
  turns_fixture s{3};
  s.ask("c1:1");
  s.ask("c1:2", address, "deny");
  s.decide(3, allow);
  s.advance(protocol::limits::executor_deadline);
  CHECK_EQ(s.caller.take<verdict_outcome>().size(), 2);
  CHECK(s.decided().how == execution::failed);
  CHECK_EQ(s.executor.calls().size(), 1);
}

TEST_CASE("at most 1024 verdicts wait for others on their targets") {
  constexpr int most = protocol::limits::verdicts_waiting_max;
  turns_fixture s{most + 2};
  s.ask("c1:1");
  for (int i = 2; i <= most + 1; ++i)
    s.ask("c1:" + std::to_string(i), address, "deny");
  CHECK(s.caller.take<verdict_outcome>().empty());
  s.ask("c1:" + std::to_string(most + 2), address, "deny");
  CHECK(
      s.outcome()
      == failed("too many verdicts wait for others on their targets", "deny"));
  s.executor.succeed(0);
  CHECK(s.outcome() == ok);
  CHECK_EQ(s.executor.calls().size(), 1 + most); // they agree with each other
}

} // namespace registry_turns_tests
