// Verdicts. Source: clearance.md, section 5.

#include "test/support/fixture/registry_fixture.hpp"
#include "test/support/wire/wire_event.hpp"

#include <caf/scoped_actor.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace registry_verdicts_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
using protocol::event_type;
using protocol::verdict_outcome;
using kind = protocol::verdict_outcome::kind;
namespace limits = protocol::limits;

namespace {

const verdict_outcome ok{kind::ok, {}};

verdict_outcome unknown(std::string id) {
  return {kind::unknown_request, {std::move(id)}};
}

verdict_outcome failed(std::string why, std::string action = "allow") {
  return {kind::shield_cli_failed, {std::move(action), std::move(why)}};
}

/// The `verdict_applied` of blocked(n).
wire_event applied(std::string request_id, bool fine,
                   std::string action = "allow") {
  wire_event x;
  x.type = "verdict_applied";
  x.container = "c1";
  x.request_id = std::move(request_id);
  x.action = std::move(action);
  x.ok = fine;
  return x;
}

/// The only event in `wire`.
wire_event event_in(const std::string& wire) {
  REQUIRE(std::count(wire.begin(), wire.end(), '\0') == 1);
  return wire_event::of_reply(wire.substr(0, wire.size() - 1));
}

actors::event_ptr block_of(const char* request_id, const char* dest,
                           const char* domain = "") {
  protocol::event x;
  x.container = "c1";
  x.request_id = request_id;
  x.dest = dest;
  x.domain = domain;
  return actors::make_event(x);
}

} // namespace

TEST_CASE("a verdict on a block is executed, announced and answered") {
  registry_fixture s;
  subscriber_client a{s};
  s.announce({blocked(1)});
  a.heard();
  s.ask("c1:1");
  REQUIRE(s.executor.calls().size() == 1);
  CHECK(s.executor.calls()[0].action == protocol::action::allow);
  CHECK(s.executor.calls()[0].container == "c1");
  CHECK(s.executor.calls()[0].dest == "203.0.113.7");
  CHECK(a.heard().empty());
  CHECK(s.caller.size() == 0);
  s.executor.succeed(0);
  CHECK(event_in(a.heard()) == applied("c1:1", true));
  CHECK(s.outcome() == ok);
}

TEST_CASE("a verdict on a block with a domain names the domain") {
  registry_fixture s;
  s.announce({block_of("c1:1", "203.0.113.7", "example.org")});
  s.ask("c1:1", "203.0.113.7");
  CHECK(s.outcome()
        == verdict_outcome{kind::verdict_tuple_mismatch,
                           {"c1", "example.org", "c1", "203.0.113.7"}});
  s.ask("c1:1", "example.org", "deny");
  REQUIRE(s.executor.calls().size() == 1);
  CHECK(s.executor.calls()[0].dest == "example.org");
  CHECK(s.executor.calls()[0].action == protocol::action::deny);
}

TEST_CASE("a refused verdict is neither executed nor announced") {
  registry_fixture s;
  subscriber_client a{s};
  s.announce({blocked(1)});
  a.heard();
  s.ask("c1:1", "203.0.113.7", "maybe");
  CHECK(s.outcome() == verdict_outcome{kind::invalid_action, {"maybe"}});
  s.ask("c1:2");
  CHECK(s.outcome() == unknown("c1:2"));
  s.ask("c1:1", "198.51.100.1");
  CHECK(s.outcome()
        == verdict_outcome{kind::verdict_tuple_mismatch,
                           {"c1", "203.0.113.7", "c1", "198.51.100.1"}});
  s.ask("c1:1", "203.0.113.7", "allow", "c2");
  CHECK(s.outcome()
        == verdict_outcome{kind::verdict_tuple_mismatch,
                           {"c1", "203.0.113.7", "c2", "203.0.113.7"}});
  CHECK(s.executor.calls().empty());
  CHECK(a.heard().empty());
  CHECK(s.live("c1:1")); // the open request stays
}

TEST_CASE("verdict_applied is in every queue before the caller's outcome") {
  for (bool fine : {true, false}) {
    registry_fixture s;
    subscriber_client a{s};
    subscriber_client b{s};
    s.announce({blocked(1)});
    a.heard();
    b.heard();
    s.ask("c1:1");
    int outcomes = 0;
    s.caller.on_message([&](const caf::message&) {
      ++outcomes;
      CHECK(event_in(a.heard()) == applied("c1:1", fine));
      CHECK(event_in(b.heard()) == applied("c1:1", fine));
    });
    s.executor.answer(0, {fine, fine ? "" : "no"});
    CHECK(outcomes == 1);
    s.caller.on_message(nullptr);
  }
}

TEST_CASE("a second verdict on a block in flight is unknown") {
  registry_fixture s;
  s.announce({blocked(1)});
  s.ask("c1:1");
  s.ask("c1:1", "203.0.113.7", "deny");
  CHECK(s.outcome() == unknown("c1:1"));
  CHECK(s.executor.calls().size() == 1);
  s.executor.succeed(0);
  CHECK(s.outcome() == ok);
}

TEST_CASE("a success closes the open request") {
  registry_fixture s;
  s.announce({blocked(1)});
  s.ask("c1:1");
  s.executor.succeed(0);
  CHECK(s.outcome() == ok);
  s.ask("c1:1");
  CHECK(s.outcome() == unknown("c1:1"));
}

TEST_CASE("a failure says why and leaves the request open for a retry") {
  registry_fixture s;
  subscriber_client a{s};
  s.announce({blocked(1)});
  a.heard();
  s.ask("c1:1");
  s.executor.answer(0, {false, "no such container"});
  CHECK(event_in(a.heard()) == applied("c1:1", false));
  CHECK(s.outcome() == failed("no such container"));
  s.ask("c1:1", "203.0.113.7", "deny");
  REQUIRE(s.executor.calls().size() == 2);
  s.executor.succeed(1);
  CHECK(event_in(a.heard()) == applied("c1:1", true, "deny"));
  CHECK(s.outcome() == ok);
}

TEST_CASE("a block that was dropped while in flight stays dropped") {
  for (auto type : {event_type::shield_down, event_type::shield_disengaged,
                    event_type::container_exited}) {
    for (bool fine : {true, false}) {
      CAPTURE(to_string(type));
      CAPTURE(fine);
      registry_fixture s;
      subscriber_client a{s};
      s.announce({blocked(1)});
      s.ask("c1:1");
      s.announce({plain(type)});
      a.heard();
      s.executor.answer(0, {fine, ""});
      CHECK(event_in(a.heard()) == applied("c1:1", fine));
      CHECK(s.outcome() == (fine ? ok : failed("")));
      s.ask("c1:1");
      CHECK(s.outcome() == unknown("c1:1"));
    }
  }
}

TEST_CASE("after a replacement in flight the newer block counts") {
  for (bool fine : {true, false}) {
    CAPTURE(fine);
    registry_fixture s;
    s.announce({blocked(1)});
    s.ask("c1:1");
    s.announce({block_of("c1:1", "198.51.100.9")});
    s.executor.answer(0, {fine, ""});
    CHECK(s.outcome() == (fine ? ok : failed("")));
    s.ask("c1:1"); // the old block does not replace it
    CHECK(s.outcome().what == kind::verdict_tuple_mismatch);
    s.ask("c1:1", "198.51.100.9");
    REQUIRE(s.executor.calls().size() == 2);
    CHECK(s.executor.calls()[1].dest == "198.51.100.9");
  }
}

TEST_CASE("a newer block can be answered while the older one is in flight") {
  registry_fixture s;
  s.announce({blocked(1)});
  s.ask("c1:1");
  s.announce({block_of("c1:1", "198.51.100.9")});
  s.ask("c1:1", "198.51.100.9", "deny");
  REQUIRE(s.executor.calls().size() == 2);
  s.executor.succeed(0); // does not close the newer request
  CHECK(s.outcome() == ok);
  s.executor.answer(1, {false, "no"});
  CHECK(s.outcome() == failed("no", "deny"));
  CHECK(s.live("c1:1", "198.51.100.9"));
}

TEST_CASE("a block announced again after its drop is another block") {
  registry_fixture s;
  s.announce({blocked(1)});
  s.ask("c1:1");
  s.announce({plain(event_type::shield_down), blocked(1)});
  s.ask("c1:1");
  REQUIRE(s.executor.calls().size() == 2);
  s.executor.succeed(1);
  CHECK(s.outcome() == ok);
  s.executor.answer(0, {false, "late"});
  CHECK(s.outcome() == failed("late"));
  s.ask("c1:1"); // the failure made no request live again
  CHECK(s.outcome() == unknown("c1:1"));
}

TEST_CASE("verdicts on different blocks run side by side") {
  registry_fixture s;
  s.announce(blocks(1, 3));
  for (auto id : {"c1:1", "c1:2", "c1:3"})
    s.ask(id);
  CHECK(s.executor.calls().size() == 3);
  s.executor.answer(2, {false, "third"});
  CHECK(s.outcome() == failed("third"));
  s.executor.answer(0, {false, "first"});
  CHECK(s.outcome() == failed("first"));
  s.executor.succeed(1);
  CHECK(s.outcome() == ok);
}

TEST_CASE("a caller that left does not cancel its verdict") {
  registry_fixture s;
  subscriber_client a{s};
  s.announce({blocked(1), blocked(2)});
  a.heard();
  s.ask("c1:1");
  s.ask("c1:2");
  s.caller.leave();
  s.executor.succeed(0);
  CHECK(event_in(a.heard()) == applied("c1:1", true));
  s.executor.answer(1, {false, "no"});
  CHECK(event_in(a.heard()) == applied("c1:2", false));
}

TEST_CASE("an application's request is answered like a session's message") {
  registry_fixture s;
  s.announce({blocked(1)});
  caf::scoped_actor asker{s.system};
  auto answer =
      asker->request(s.registry, 60s,
                     actors::verdict{"c1", "c1:1", "203.0.113.7", "allow", {}});
  s.run();
  s.executor.succeed(0);
  verdict_outcome got{kind::unknown_request, {}};
  answer.receive([&](const verdict_outcome& x) { got = x; },
                 [](const caf::error& why) { FAIL(to_string(why)); });
  CHECK(got == ok);
}

TEST_CASE("an executor that is dead fails verdicts at once") {
  registry_fixture s;
  subscriber_client a{s};
  s.announce({blocked(1)});
  a.heard();
  s.executor.die();
  s.ask("c1:1");
  CHECK(event_in(a.heard()) == applied("c1:1", false));
  CHECK(s.outcome() == failed("the verdict executor does not answer"));
  CHECK(s.io.alive("registry").size() == 1);
}

TEST_CASE("verdicts of an executor that dies fail when their time is over") {
  registry_fixture s;
  s.announce({blocked(1)});
  s.ask("c1:1");
  s.executor.die();
  s.advance(limits::executor_deadline);
  CHECK(s.outcome() == failed("the verdict executor does not answer"));
}

TEST_CASE("a verdict without an answer fails when its time is over") {
  registry_fixture s;
  subscriber_client a{s};
  s.announce({blocked(1)});
  a.heard();
  s.ask("c1:1");
  s.advance(limits::executor_deadline - 1ms);
  CHECK(s.caller.size() == 0);
  s.advance(1ms);
  CHECK(event_in(a.heard()) == applied("c1:1", false));
  CHECK(s.outcome() == failed("the verdict executor does not answer"));
  s.executor.succeed(0); // too late: the outcome was reported already
  CHECK(a.heard().empty());
  CHECK(s.caller.size() == 0);
  CHECK(s.live("c1:1"));
}

} // namespace registry_verdicts_tests
