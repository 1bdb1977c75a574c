#include "actors/executor/helper_executor.hpp"

#include "test/actors/executor/helper_fixture.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace helper_executor_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
using namespace std::string_literals;
using actors::stream_end;
using protocol::shield_outcome;
using fixture = helper_fixture;
namespace limits = protocol::limits;

namespace {

constexpr auto pool = limits::helper_connections_max;

std::string call(std::size_t n) {
  return R"({"method":"org.terok.ClearanceVerdict1.Apply","parameters":)"
         R"({"container":"c1","dest":"d)"
         + std::to_string(n) + R"(","action":"allow"}})" + '\0';
}

shield_outcome unreachable(const std::string& why) {
  return {false, "verdict helper unreachable: " + why};
}

} // namespace

TEST_CASE("a verdict becomes a call of Apply, whose reply is the outcome") {
  fixture s;
  CHECK(s.dials() == 0); // opened when needed
  s.ask(1);
  REQUIRE(s.dials() == 1);
  CHECK(s.io.dials[0].path == "/run/verdict.sock");
  CHECK(s.io.dials[0].kind == actors::framing::varlink);
  CHECK(s.line(0).taken() == call(1));
  CHECK(s.line(0).reading());
  CHECK(s.caller.size() == 0);
  s.answer(0);
  CHECK(s.outcome() == shield_outcome{true, ""});
}

TEST_CASE("a failed shield is an outcome with the shield's stderr") {
  fixture s;
  s.ask(1);
  s.answer(0, R"({"parameters":{"ok":false,"stderr":"no such thing"}})");
  CHECK(s.outcome() == shield_outcome{false, "no such thing"});
}

TEST_CASE("more stderr than a helper may send is cut off") {
  fixture s;
  constexpr auto most = 3 * limits::shield_stderr_max_bytes;
  for (const auto size : {most, most + 1}) {
    s.ask(1);
    s.answer(0, R"({"parameters":{"ok":false,"stderr":")"
                    + std::string(size, 'x') + R"("}})");
    CHECK(s.outcome() == shield_outcome{false, std::string(most, 'x')});
  }
}

TEST_CASE("an idle connection is used again") {
  fixture s;
  s.warm_up();
  CHECK(s.line(0).reading());
  s.ask(1);
  CHECK(s.dials() == 1);
  CHECK(s.line(0).taken() == call(1));
}

TEST_CASE("the pool is used up, with one call at a time on each connection") {
  fixture s;
  for (std::size_t n = 0; n < pool + 2; ++n)
    s.ask(n);
  REQUIRE(s.dials() == pool);
  for (std::size_t n = 0; n < pool; ++n)
    CHECK(s.line(n).flush_taken() == call(n));
  s.answer(3);
  CHECK(s.outcome().ok);
  CHECK(s.line(3).flush_taken() == call(pool)); // first come, first served
  s.answer(0);
  CHECK(s.line(0).flush_taken() == call(pool + 1));
  CHECK(s.dials() == pool);
}

TEST_CASE("the allowed number of verdicts waits, one more is refused") {
  fixture s;
  for (std::size_t n = 0; n < pool + limits::verdicts_waiting_max; ++n)
    s.ask(n);
  CHECK(s.caller.size() == 0);
  s.ask(9999);
  CHECK(s.outcome()
        == shield_outcome{
            false, "too many verdicts are waiting for the verdict helper"});
  s.answer(0);
  CHECK(s.outcome().ok);
  s.ask(9999);
  CHECK(s.caller.size() == 0);
}

TEST_CASE(
    "without a helper every verdict fails, and each one tries to connect") {
  fixture s;
  s.io.refuse_to_dial("No such file or directory");
  s.ask(1);
  CHECK(s.outcome() == unreachable("No such file or directory"));
  s.ask(2);
  CHECK(s.outcome() == unreachable("No such file or directory"));
  CHECK(s.dials() == 2);
}

TEST_CASE("a helper that was gone and came back is used again") {
  fixture s;
  s.warm_up();
  s.end(0);
  CHECK_FALSE(s.line(0).open());
  s.io.refuse_to_dial("Connection refused");
  s.ask(1);
  CHECK(s.outcome() == unreachable("Connection refused"));
  s.io.refuse_to_dial("");
  s.ask(2);
  REQUIRE(s.dials() == 3);
  CHECK(s.line(2).taken() == call(2));
  s.answer(2);
  CHECK(s.outcome().ok);
}

TEST_CASE("an idle connection that the helper closed is not used") {
  for (auto end : {stream_end::eof, stream_end::broken, stream_end::too_long}) {
    fixture s;
    s.warm_up();
    s.end(0, end);
    CHECK_FALSE(s.line(0).open());
    s.ask(1);
    REQUIRE(s.dials() == 2);
    CHECK(s.line(1).taken() == call(1));
  }
}

TEST_CASE("a dead connection is replaced once if no byte was written") {
  fixture s;
  s.warm_up();
  s.line(0).take(0);
  s.line(0).break_when_full();
  s.ask(1);
  REQUIRE(s.dials() == 2);
  CHECK_FALSE(s.line(0).open());
  CHECK(s.line(0).taken().empty());
  CHECK(s.line(1).taken() == call(1));
  s.answer(1);
  CHECK(s.outcome().ok);
}

TEST_CASE("a connection that blocks at once and then breaks is replaced, too") {
  fixture s;
  s.warm_up();
  s.line(0).take(0);
  s.ask(1);
  s.line(0).break_when_full();
  s.go_on(0, 0);
  REQUIRE(s.dials() == 2);
  CHECK(s.line(1).taken() == call(1));
}

TEST_CASE("a connection that ends before a byte was written is replaced, too") {
  fixture s;
  s.warm_up();
  s.line(0).take(0);
  s.ask(1);
  s.end(0);
  REQUIRE(s.dials() == 2);
  CHECK(s.line(1).taken() == call(1));
}

TEST_CASE("there is no third attempt") {
  SUBCASE("when no helper listens") {
    fixture s;
    s.warm_up();
    s.line(0).take(0);
    s.line(0).break_when_full();
    s.io.refuse_to_dial("Connection refused");
    s.ask(1);
    CHECK(s.dials() == 2);
    CHECK(s.outcome() == unreachable("Connection refused"));
  }
  SUBCASE("when the second one breaks") {
    fixture s;
    s.warm_up();
    s.line(0).take(0);
    s.line(0).break_when_full();
    s.narrow(0)->break_when_full();
    s.ask(1);
    CHECK(s.dials() == 2);
    CHECK_FALSE(s.line(1).open());
    CHECK(s.outcome() == unreachable("the connection broke"));
  }
}

TEST_CASE("no verdict runs twice: after one written byte there is no retry") {
  for (std::size_t room = 1; room <= call(1).size(); ++room) {
    fixture s;
    s.warm_up();
    s.line(0).take(room);
    s.ask(1);
    CHECK(s.line(0).taken() == call(1).substr(0, room));
    s.end(0, stream_end::broken);
    CHECK(s.dials() == 1);
    CHECK(s.outcome() == unreachable("it closed the connection"));
    CHECK_FALSE(s.line(0).open());
  }
}

TEST_CASE("a call is written completely, wherever the socket cuts it") {
  for (std::size_t cut = 0; cut < call(1).size(); ++cut) {
    fixture s;
    s.narrow(cut);
    s.ask(1);
    CHECK(s.line(0).taken() == call(1).substr(0, cut));
    s.line(0).take_all();
    s.line(0).become_writable();
    s.run();
    CHECK(s.line(0).taken() == call(1));
    s.answer(0);
    CHECK(s.outcome().ok);
  }
}

TEST_CASE("a helper that does not answer fails the verdict after 12 s") {
  fixture s;
  s.ask(1);
  s.advance(limits::helper_deadline - 1ms);
  CHECK(s.caller.size() == 0);
  CHECK(s.line(0).open());
  s.advance(1ms);
  CHECK(s.outcome() == unreachable("it did not answer in time"));
  // The answer may still come, so the connection is not used again.
  CHECK_FALSE(s.line(0).open());
  s.ask(2);
  REQUIRE(s.dials() == 2);
  CHECK(s.line(1).taken() == call(2));
}

TEST_CASE("a call that is partly written has the same deadline") {
  fixture s;
  s.narrow(5);
  s.ask(1);
  s.advance(limits::helper_deadline);
  CHECK(s.outcome() == unreachable("it did not answer in time"));
  CHECK_FALSE(s.line(0).open());
}

// Else the call would be sent and given up at once, and executed all the same.
TEST_CASE(
    "the deadline of a call that waited begins when it gets a connection") {
  fixture s;
  for (std::size_t n = 0; n < pool; ++n)
    s.ask(n);
  s.advance(5s);
  s.ask(100); // waits
  s.advance(6s);
  s.answer(0);
  CHECK(s.outcome().ok);
  CHECK(s.line(0).taken() == call(0) + call(100));
  s.advance(1s); // the other seven are answered late
  CHECK(s.caller.take<shield_outcome>().size() == pool - 1);
  s.advance(limits::helper_deadline - 1s - 1ms);
  CHECK(s.caller.size() == 0);
  s.advance(1ms);
  CHECK(s.outcome() == unreachable("it did not answer in time"));
}

TEST_CASE("a call that waits too long is never sent") {
  static_assert(limits::shield_turn_max_wait > 3 * limits::helper_deadline);
  static_assert(limits::shield_turn_max_wait < 4 * limits::helper_deadline);
  static_assert(limits::shield_turn_max_wait + limits::helper_deadline
                < limits::executor_deadline);
  fixture s;
  for (std::size_t n = 0; n < 5 * pool; ++n)
    s.ask(n);
  s.advance(limits::shield_turn_max_wait - 1ms);
  CHECK(s.caller.take<shield_outcome>().size() == 3 * pool);
  s.advance(1ms);
  auto outcomes = s.caller.take<shield_outcome>();
  CHECK(outcomes.size() == pool);
  for (auto& x : outcomes)
    CHECK(x == unreachable("all connections to it were busy for too long"));
  s.advance(60s);
  CHECK(s.caller.take<shield_outcome>().size() == pool);
  CHECK(s.dials() == 4 * pool);
}

TEST_CASE("calls behind those that waited too long are still made") {
  fixture s;
  for (std::size_t n = 0; n < pool; ++n)
    s.ask(n);
  s.advance(1s);
  s.ask(100);
  s.advance(limits::helper_deadline - 1s);
  CHECK(s.caller.take<shield_outcome>().size() == pool);
  REQUIRE(s.dials() == pool + 1);
  CHECK(s.line(pool).taken() == call(100));
}

TEST_CASE("the deadline of an answered call has no effect later") {
  fixture s;
  s.warm_up();
  s.advance(5s);
  s.ask(1);
  s.advance(limits::helper_deadline - 5s); // the first one's tick comes
  CHECK(s.caller.size() == 0);
  s.answer(0);
  CHECK(s.outcome().ok);
  s.advance(60s);
  CHECK(s.line(0).open());
  CHECK_FALSE(s.scheduler.has_pending_timeout());
}

TEST_CASE("a reply without a call closes the connection") {
  SUBCASE("on an idle connection") {
    fixture s;
    s.warm_up();
    s.answer(0);
    CHECK_FALSE(s.line(0).open());
    CHECK(s.caller.size() == 0);
    s.ask(1);
    CHECK(s.dials() == 2);
  }
  SUBCASE("after the reply to a call") {
    fixture s;
    s.ask(1);
    s.line(0).bring({helper_says_yes, helper_says_yes});
    s.run();
    CHECK(s.outcome().ok);
    CHECK_FALSE(s.line(0).open());
  }
  SUBCASE("before the call is written") {
    fixture s;
    s.narrow(5);
    s.ask(1);
    s.answer(0);
    CHECK(s.outcome() == unreachable("it sent a reply to no call"));
    CHECK_FALSE(s.line(0).open());
    CHECK(s.dials() == 1);
  }
}

TEST_CASE("a helper that answers nonsense fails the verdict") {
  const std::pair<std::string, shield_outcome> replies[] = {
      {"nonsense", unreachable("its reply is not varlink")},
      {"", unreachable("its reply is not varlink")},
      {R"({"error":"org.varlink.service.MethodNotFound","parameters":{}})",
       unreachable("it answered org.varlink.service.MethodNotFound")},
      {R"({"parameters":{"ok":"true","stderr":"x"}})",
       unreachable("its reply has no ok")},
      {R"({"parameters":{"stderr":"x"}})", unreachable("its reply has no ok")},
      {R"({})", unreachable("its reply has no ok")},
      {R"({"parameters":{"ok":true}})", {true, ""}},
  };
  for (auto& [reply, outcome] : replies) {
    const auto& shown = reply; // clang 14 captures no binding
    CAPTURE(shown);
    fixture s;
    s.ask(1);
    s.answer(0, reply);
    CHECK(s.outcome() == outcome);
    s.ask(2); // the next verdict is executed all the same
    CHECK(s.line(0).taken() == call(1) + call(2));
  }
}

TEST_CASE("a reply and the end of the connection in one read both count") {
  fixture s;
  s.ask(1);
  s.answer(0, helper_says_yes, stream_end::eof);
  CHECK(s.outcome().ok);
  CHECK_FALSE(s.line(0).open());
  s.ask(2);
  CHECK(s.dials() == 2);
}

TEST_CASE("a waiting verdict gets a new connection in place of a lost one") {
  auto fill = [](fixture& s) {
    s.narrow(1); // the first connection blocks in the middle of its call
    for (std::size_t n = 0; n < pool; ++n)
      s.ask(n);
    s.ask(100);
    CHECK(s.dials() == pool);
  };
  fixture s;
  fill(s);
  SUBCASE("when it is closed") {
    s.end(0);
  }
  SUBCASE("when it breaks while it is written") {
    s.line(0).break_when_full();
    s.go_on(0, 0);
  }
  SUBCASE("when it sends a reply without a call") {
    s.answer(0);
  }
  CHECK_FALSE(s.outcome().ok);
  REQUIRE(s.dials() == pool + 1);
  CHECK(s.line(pool).taken() == call(100));
}

TEST_CASE("when an executor ends, its connections are closed") {
  fixture s;
  s.warm_up();
  s.ask(1);
  s.ask(2);
  s.crash(s.executor, caf::exit_reason::user_shutdown);
  CHECK_FALSE(s.line(0).open());
  CHECK_FALSE(s.line(1).open());
}

TEST_CASE("messages of a connection that is gone are ignored") {
  fixture s;
  s.warm_up();
  auto id = s.line(0).id();
  s.end(0);
  caf::anon_send(s.executor, actors::writable{id});
  caf::anon_send(s.executor,
                 actors::received{id, nullptr, 0, stream_end::broken});
  s.run();
  CHECK(s.io.alive("helper_executor").size() == 1);
  CHECK(s.caller.size() == 0);
}

} // namespace helper_executor_tests
