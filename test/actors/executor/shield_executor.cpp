#include "actors/executor/shield_executor.hpp"

#include "test/support/fixture/actor_fixture.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

namespace shield_executor_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::string_literals;
using how = actors::process_ended::how;
using protocol::shield_call;
using protocol::shield_outcome;
namespace limits = protocol::limits;

namespace {

/// An executor on an I/O host that runs no programs.
struct fixture : actor_fixture {
  inbox caller{*this};
  actors::shield_executor_actor executor;

  explicit fixture(std::string shield = "terok-shield")
      : executor(actors::spawn_shield_executor(
          io, actors::shield_executor_config{&io, std::move(shield)})) {
    run();
  }

  void ask(shield_call x) {
    caller.tell(executor, std::move(x));
    run();
  }
  void ask(std::size_t n) {
    ask({protocol::action::allow, "c1", "d" + std::to_string(n)});
  }

  void end(std::size_t index, how what, int code = 0,
           std::string stderr_bytes = {}) {
    io.end_run(index, what, code, std::move(stderr_bytes));
    run();
  }

  shield_outcome outcome() { return caller.only<shield_outcome>(); }

  /// The outcome of a run that ends like this.
  shield_outcome of(how what, int code = 0, std::string stderr_bytes = {}) {
    auto index = io.runs.size();
    ask(1);
    end(index, what, code, std::move(stderr_bytes));
    return outcome();
  }
};

shield_outcome failed(std::string why) {
  return {false, std::move(why)};
}

} // namespace

TEST_CASE("the shield is run with ACTION CONTAINER DEST and the limits") {
  fixture s{"/opt/terok-shield"};
  s.ask({protocol::action::deny, "c1", "2001:db8::1"});
  REQUIRE(s.io.runs.size() == 1);
  auto& spec = s.io.runs[0]->spec;
  CHECK(spec.program == "/opt/terok-shield");
  CHECK(spec.arguments == std::vector{"deny"s, "c1"s, "2001:db8::1"s});
  CHECK(spec.time_limit == limits::shield_time_limit);
  CHECK(spec.stderr_max_bytes == limits::shield_stderr_max_bytes);
  CHECK(s.caller.size() == 0);
  s.end(0, how::exited);
  CHECK(s.outcome() == shield_outcome{true, ""});
}

TEST_CASE("a verdict that ends by itself names its seconds") {
  fixture s;
  s.ask({protocol::action::allow, "c1", "d", 60});
  REQUIRE(s.io.runs.size() == 1);
  CHECK(s.io.runs[0]->spec.arguments
        == std::vector{"allow"s, "c1"s, "d"s, "--for"s, "60"s});
}

TEST_CASE("the shield is asked what it can do") {
  fixture s;
  auto asks = [&](how what, int code, std::string said) {
    const auto index = s.io.runs.size();
    s.caller.tell(s.executor, actors::abilities_atom::value);
    s.run();
    REQUIRE(s.io.runs.size() == index + 1);
    const auto& spec = s.io.runs[index]->spec;
    CHECK(spec.program == "terok-shield");
    CHECK(spec.arguments == std::vector{"capabilities"s});
    CHECK(spec.keeps_stdout);
    s.end(index, what, code, std::move(said));
    return s.caller.only<actors::shield_abilities_answer>();
  };
  const auto good = asks(how::exited, 0, "exact-names\nfor\n");
  CHECK(good.is_known);
  CHECK(good.abilities
        == protocol::shield_abilities{.seconds = true, .exact_names = true});
  // one that does not know the word
  const auto old = asks(how::exited, 2, "for: no such command\nfor\n");
  CHECK(old.is_known);
  CHECK(old.abilities == protocol::shield_abilities{});
  for (const auto away : {how::not_found, how::not_spawned, how::timed_out})
    CHECK_FALSE(asks(away, 0, "for\n").is_known);
}

TEST_CASE("verdicts and the question do not wait for each other") {
  fixture s;
  s.caller.tell(s.executor, actors::abilities_atom::value);
  s.ask(1);
  REQUIRE(s.io.runs.size() == 2);
  s.end(1, how::exited);
  CHECK(s.outcome().ok);
  s.end(0, how::exited);
  CHECK(s.caller.only<actors::shield_abilities_answer>().is_known);
}

TEST_CASE("operands that look like options are refused, and nothing is run") {
  struct refusal {
    shield_call call;
    std::string why;
  };
  const auto allow = protocol::action::allow;
  const refusal refusals[] = {
      {{allow, "--help", "d"},
       "refused: the container starts with '-': the shield would take it for "
       "an option"},
      {{allow, "c1", "-d"},
       "refused: the destination starts with '-': the shield would take it for "
       "an option"},
      {{allow, "-", "-"},
       "refused: the container starts with '-': the shield would take it for "
       "an option"},
      {{allow, "", "d"}, "refused: the container is empty"},
      {{allow, "c1", ""}, "refused: the destination is empty"},
      {{allow, "c1", "a\0b"s},
       "refused: the destination contains a NUL character"},
  };
  fixture s;
  for (auto& x : refusals) {
    s.ask(x.call);
    CHECK(s.outcome() == failed(x.why));
  }
  CHECK(s.io.runs.empty());
}

TEST_CASE("every outcome has its text") {
  fixture s;
  CHECK(s.of(how::exited, 0) == shield_outcome{true, ""});
  CHECK(s.of(how::exited, 0, " note\n") == shield_outcome{true, "note"});
  CHECK(s.of(how::exited, 3, " no such container \n")
        == failed("no such container"));
  CHECK(s.of(how::exited, 3) == failed("exited with status 3"));
  CHECK(s.of(how::exited, 3, " \n") == failed("exited with status 3"));
  CHECK(s.of(how::signalled, 9) == failed("killed by signal 9"));
  CHECK(s.of(how::signalled, 9, "last words") == failed("last words"));
  CHECK(s.of(how::timed_out) == failed("timed out after 10.0s"));
  CHECK(s.of(how::timed_out, 0, "busy") == failed("timed out after 10.0s"));
  CHECK(s.of(how::not_found) == failed("terok-shield not found on PATH"));
  CHECK(s.of(how::not_spawned, EACCES)
        == failed("spawn failed: Permission denied"));
  CHECK(s.of(how::exited, 1, "\xff!") == failed("\xef\xbf\xbd!"));
}

TEST_CASE("the text for a missing shield mentions PATH only for a bare name") {
  fixture s{"/opt/terok-shield"};
  CHECK(s.of(how::not_found)
        == failed("spawn failed: /opt/terok-shield not found"));
}

TEST_CASE("the allowed number of shields runs, one more waits") {
  fixture s;
  for (std::size_t n = 0; n < limits::shields_max; ++n)
    s.ask(n);
  CHECK(s.io.runs.size() == limits::shields_max);
  s.ask(1000);
  s.ask(1001);
  CHECK(s.io.runs.size() == limits::shields_max);
  CHECK(s.caller.size() == 0);
  s.end(5, how::exited);
  CHECK(s.io.runs.size() == limits::shields_max + 1);
  CHECK(s.io.runs.back()->spec.arguments[2] == "d1000");
  s.end(0, how::exited, 1); // a failed shield makes room, too
  CHECK(s.io.runs.back()->spec.arguments[2] == "d1001");
  CHECK(s.io.running() == limits::shields_max);
}

TEST_CASE("the allowed number of verdicts waits, one more is refused") {
  fixture s;
  auto most = limits::shields_max + limits::verdicts_waiting_max;
  for (std::size_t n = 0; n < most; ++n)
    s.ask(n);
  CHECK(s.caller.size() == 0);
  s.ask(most);
  CHECK(s.outcome() == failed("too many verdicts are waiting for the shield"));
  s.end(0, how::exited);
  CHECK(s.outcome().ok);
  s.ask(most + 1); // now there is room
  CHECK(s.caller.size() == 0);
  for (std::size_t i = 1; i < s.io.runs.size(); ++i)
    s.end(i, how::exited);
  CHECK(s.io.runs.size() == most + 1);
  CHECK(s.caller.take<shield_outcome>().size() == most);
}

TEST_CASE("a verdict that waited too long fails and is never run") {
  using namespace std::chrono_literals;
  fixture s;
  for (std::size_t n = 0; n < limits::shields_max; ++n)
    s.ask(n);
  s.ask(100);
  s.ask(101);
  s.advance(1ms);
  s.ask(102);
  s.advance(limits::shield_turn_max_wait - 2ms);
  s.end(0, how::exited);
  CHECK(s.outcome().ok);
  CHECK(s.io.runs.back()->spec.arguments[2] == "d100"); // just in time
  s.advance(1ms);
  s.end(1, how::exited);
  auto outcomes = s.caller.take<shield_outcome>();
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].ok);
  CHECK(outcomes[1] == failed("too many verdicts are waiting for the shield"));
  CHECK(s.io.runs.back()->spec.arguments[2] == "d102");
  CHECK(s.io.runs.size() == limits::shields_max + 2);
}

TEST_CASE("a refused verdict takes no room in the queue") {
  fixture s;
  for (std::size_t n = 0; n < limits::shields_max; ++n)
    s.ask(n);
  s.ask({protocol::action::allow, "c1", "-d"});
  CHECK_FALSE(s.outcome().ok);
}

TEST_CASE("outcomes belong to their runs, whichever ends first") {
  fixture s;
  inbox other{s};
  s.ask(1);
  other.tell(s.executor, shield_call{protocol::action::deny, "c2", "d"});
  s.run();
  s.end(1, how::exited, 1, "second");
  CHECK(other.only<shield_outcome>() == failed("second"));
  CHECK(s.caller.size() == 0);
  s.end(0, how::exited);
  CHECK(s.outcome().ok);
}

TEST_CASE("a run that ended is released, and a second report has no effect") {
  fixture s;
  s.ask(1);
  auto id = s.io.runs[0]->id;
  s.end(0, how::exited);
  CHECK(s.io.runs[0]->owner == nullptr);
  CHECK(s.outcome().ok);
  caf::anon_send(s.executor, actors::process_ended{id, how::exited, 1, ""});
  s.run();
  CHECK(s.caller.size() == 0);
}

TEST_CASE("when an executor ends, the running shields are killed") {
  fixture s;
  for (std::size_t n = 0; n < 40; ++n)
    s.ask(n);
  s.end(3, how::exited);
  s.crash(s.executor, caf::exit_reason::user_shutdown);
  CHECK(s.io.running() == 0);
  for (std::size_t i = 0; i < s.io.runs.size(); ++i)
    CHECK(s.io.runs[i]->killed == (i != 3));
}

TEST_CASE("a caller that left does not stop the shield") {
  fixture s;
  s.ask(1);
  s.caller.leave();
  CHECK(s.io.running() == 1);
  s.end(0, how::exited);
  CHECK(s.io.alive("shield_executor").size() == 1);
}

TEST_CASE("a shield that there is no memory for fails its verdict alone") {
  fixture s;
  s.io.run_out_of_memory(true);
  s.ask(1);
  CHECK(s.outcome() == failed("spawn failed: out of memory"));
  s.io.run_out_of_memory(false);
  CHECK(s.of(how::exited) == shield_outcome{true, ""});
}

} // namespace shield_executor_tests
