// What a verdict must name, and its outcomes: once with a hub that runs the
// shield, once with a helper. Source: clearance.md, section 5.

#include "test/end_to_end/world/deployment.hpp"

#include <doctest/doctest.h>

namespace verdicts_tests {

namespace {

using namespace clearance::test;

const auto applied = success(R"({"ok":true})");

varlink_reply unknown(std::string_view request_id) {
  return failure("org.terok.Clearance1.UnknownRequest",
                 {{"request_id", request_id}});
}

varlink_reply mismatch(std::string_view expected_container,
                       std::string_view expected_dest,
                       std::string_view got_container,
                       std::string_view got_dest) {
  return failure("org.terok.Clearance1.VerdictTupleMismatch",
                 {{"expected_container", expected_container},
                  {"expected_dest", expected_dest},
                  {"got_container", got_container},
                  {"got_dest", got_dest}});
}

varlink_reply failed(std::string_view action, std::string_view why) {
  return failure("org.terok.Clearance1.ShieldCliFailed",
                 {{"action", action}, {"stderr", why}});
}

wire_event announced(const block& x, std::string_view action, bool ok) {
  wire_event result;
  result.type = "verdict_applied";
  result.container = x.container;
  result.request_id = x.request_id;
  result.action = action;
  result.ok = ok;
  return result;
}

using words = std::vector<std::string>;

} // namespace

TEST_CASE("a verdict runs the shield once and closes its request") {
  operation x{each_executor()};
  auto watcher = x.server.subscriber();
  auto caller = x.server.client();
  for (std::string action : {"allow", "deny"}) {
    x.server.emit(block{}.line());
    CHECK(watcher.next_event() == block{}.event());
    CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", action) == applied);
    CHECK(x.shield.next_run().arguments == words{action, "c1", "203.0.113.7"});
    CHECK(watcher.next_event() == announced({}, action, true));
    CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", action)
          == unknown("c1:1"));
  }
  CHECK(x.shield.waiting_runs() == 0);
}

TEST_CASE("a verdict names the domain if there is one, else the address") {
  operation x{each_executor()};
  auto watcher = x.server.subscriber();
  auto caller = x.server.client();
  block named;
  named.domain = "example.org";
  x.server.emit(named.line());
  CHECK(watcher.next_event() == named.event());
  CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", "allow")
        == mismatch("c1", "example.org", "c1", "203.0.113.7"));
  CHECK(caller.verdict("c1", "c1:1", "example.org", "allow") == applied);
  CHECK(x.shield.next_run().arguments == words{"allow", "c1", "example.org"});
}

TEST_CASE("refusals are checked in order and leave the request alone") {
  operation x{executor::hub};
  auto watcher = x.server.subscriber();
  auto caller = x.server.client();
  auto invalid = [](std::string_view action) {
    return failure("org.terok.Clearance1.InvalidAction", {{"action", action}});
  };
  x.server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  for (auto action : {"", "Allow", "allow ", "permit", "allow\n"}) {
    CHECK(caller.verdict("no", "such", "thing", action) == invalid(action));
    CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", action)
          == invalid(action));
  }
  CHECK(caller.verdict("c1", "c1:2", "203.0.113.7", "allow")
        == unknown("c1:2"));
  CHECK(caller.verdict("c1", "", "203.0.113.7", "allow") == unknown(""));
  CHECK(caller.verdict("c2", "c1:1", "198.51.100.9", "allow")
        == mismatch("c1", "203.0.113.7", "c2", "198.51.100.9"));
  CHECK(caller.verdict("c1", "c1:1", "198.51.100.9", "deny")
        == mismatch("c1", "203.0.113.7", "c1", "198.51.100.9"));
  CHECK(caller.verdict("c1", "c1:1", "", "deny")
        == mismatch("c1", "203.0.113.7", "c1", ""));
  // Nothing was run or announced, and the request is still there.
  CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", "deny") == applied);
  CHECK(x.shield.next_run().arguments == words{"deny", "c1", "203.0.113.7"});
  CHECK(x.shield.waiting_runs() == 0);
  CHECK(watcher.next_event() == announced({}, "deny", true));
}

TEST_CASE("an id that nobody announced is unknown, and so is an empty one") {
  operation x{executor::hub};
  auto watcher = x.server.subscriber();
  auto caller = x.server.client();
  CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", "allow")
        == unknown("c1:1"));
  block nameless;
  nameless.request_id = "";
  x.server.emit(nameless.line());
  CHECK(watcher.next_event() == nameless.event());
  CHECK(caller.verdict("c1", "", "203.0.113.7", "allow") == unknown(""));
}

TEST_CASE("a failed shield is reported, announced, and may be tried again") {
  operation x{each_executor(), "exit 3", "  no such table\n"};
  auto watcher = x.server.subscriber();
  auto caller = x.server.client();
  x.server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  for (int i = 0; i < 2; ++i) {
    CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", "allow")
          == failed("allow", "no such table"));
    CHECK(watcher.next_event() == announced({}, "allow", false));
  }
  x.shield.behave("exit 0", "a warning");
  CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", "deny") == applied);
  CHECK(watcher.next_event() == announced({}, "deny", true));
}

TEST_CASE("an event that drops a container's requests drops only its own") {
  operation x{executor::hub};
  auto watcher = x.server.subscriber();
  auto caller = x.server.client();
  for (auto type : {"shield_down", "shield_disengaged", "container_exited"}) {
    block mine, other;
    other.container = "c2";
    x.server.emit(mine.line() + other.line() + plain_line(type, "c1"));
    watcher.events_until(x.server.mark());
    CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", "allow")
          == mismatch("c2", "203.0.113.7", "c1", "203.0.113.7"));
    CHECK(caller.verdict("c2", "c1:1", "203.0.113.7", "allow") == applied);
    CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", "allow")
          == unknown("c1:1"));
  }
  for (auto type : {"shield_up", "container_started"}) {
    x.server.emit(block{}.line() + plain_line(type, "c1"));
    watcher.events_until(x.server.mark());
    CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", "allow") == applied);
  }
}

TEST_CASE("containers cannot replace each other's requests") {
  // The Python hub uses only the id as key. So a container could make the
  // request of another container unanswerable, or have its own destination
  // allowed instead.
  operation x{each_executor()};
  auto watcher = x.server.subscriber();
  auto caller = x.server.client();
  block mine, theirs;
  theirs.container = "c2";
  theirs.dest = "198.51.100.9";
  x.server.emit(mine.line() + theirs.line());
  watcher.events_until(x.server.mark());
  CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", "allow") == applied);
  CHECK(x.shield.next_run().arguments == words{"allow", "c1", "203.0.113.7"});
  CHECK(caller.verdict("c2", "c1:1", "198.51.100.9", "deny") == applied);
  CHECK(x.shield.next_run().arguments == words{"deny", "c2", "198.51.100.9"});
}

TEST_CASE("a repeated request of the same container replaces the older one") {
  operation x{executor::hub};
  auto watcher = x.server.subscriber();
  auto caller = x.server.client();
  block newer;
  newer.dest = "198.51.100.9";
  x.server.emit(block{}.line() + newer.line());
  watcher.events_until(x.server.mark());
  CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", "allow")
        == mismatch("c1", "198.51.100.9", "c1", "203.0.113.7"));
  CHECK(caller.verdict("c1", "c1:1", "198.51.100.9", "allow") == applied);
  CHECK(caller.verdict("c1", "c1:1", "198.51.100.9", "allow")
        == unknown("c1:1"));
}

TEST_CASE("one container's flood pushes out its own requests only") {
  operation x{executor::hub};
  auto watcher = x.server.subscriber();
  auto caller = x.server.client();
  block quiet;
  quiet.container = "quiet";
  x.server.emit(quiet.line());
  CHECK(watcher.next_event() == quiet.event());
  // More open requests than the hub holds for all containers together.
  constexpr int count = 40'000;
  block loud;
  loud.container = "loud";
  for (int i = 0; i < count; i += 100) {
    std::string lines;
    for (int j = i; j < i + 100; ++j) {
      loud.request_id = std::to_string(j);
      lines += loud.line();
    }
    x.server.emit(lines);
    for (int j = 0; j < 100; ++j)
      watcher.next_event();
  }
  CHECK(caller.verdict("quiet", "c1:1", "203.0.113.7", "allow") == applied);
  CHECK(caller.verdict("loud", "0", "203.0.113.7", "allow") == unknown("0"));
  CHECK(
      caller.verdict("loud", std::to_string(count - 1), "203.0.113.7", "allow")
      == applied);
}

TEST_CASE("a client that sees an event can name it in a verdict at once") {
  operation x{executor::hub};
  auto watcher = x.server.subscriber();
  auto caller = x.server.client();
  for (int i = 0; i < 100; ++i) {
    block fresh;
    fresh.request_id = std::to_string(i);
    x.server.emit(fresh.line());
    CHECK(watcher.next_event() == fresh.event());
    CHECK(caller.verdict("c2", fresh.request_id, "x", "allow").error
          == "org.terok.Clearance1.VerdictTupleMismatch");
  }
}

TEST_CASE("after a restart old requests are unknown") {
  runtime where;
  auto watch_one = [](hub& server) {
    auto watcher = server.subscriber();
    server.emit(block{}.line());
    CHECK(watcher.next_event() == block{}.event());
  };
  {
    hub server{where};
    watch_one(server);
    CHECK(server.stop() == exited(0));
  }
  hub server{where};
  CHECK(server.client().verdict("c1", "c1:1", "203.0.113.7", "allow")
        == unknown("c1:1"));
}

} // namespace verdicts_tests
