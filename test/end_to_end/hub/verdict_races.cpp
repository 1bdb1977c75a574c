// What can happen while a verdict is in flight. The fake shield waits until the
// test releases it. Source: clearance.md, section 5.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/process/process_facts.hpp"

#include <doctest/doctest.h>

namespace verdict_races_tests {

namespace {

using namespace clearance::test;

const auto applied = success(R"({"ok":true})");
const auto unknown =
    failure("org.terok.Clearance1.UnknownRequest", {{"request_id", "c1:1"}});
const auto failed = failure("org.terok.Clearance1.ShieldCliFailed",
                            {{"action", "allow"}, {"stderr", "no"}});

/// A block that was announced and whose verdict is in flight.
struct flight {
  explicit flight(std::string_view shield_words,
                  std::string_view shield_stderr = {})
      : x(each_executor(), shield_words, shield_stderr),
        watcher(x.server.subscriber()),
        caller(x.server.client()) {
    x.server.emit(block{}.line());
    CHECK(watcher.next_event() == block{}.event());
    caller.send_verdict("c1", "c1:1", "203.0.113.7", "allow");
    x.shield.next_run();
  }

  /// A second verdict, from another client.
  varlink_reply retry(std::string_view dest = "203.0.113.7") {
    return x.server.client().verdict("c1", "c1:1", dest, "allow");
  }

  operation x;
  varlink_client watcher;
  varlink_client caller;
};

} // namespace

TEST_CASE("a second verdict on a request in flight finds it unknown") {
  flight now{"wait exit 0"};
  CHECK(now.retry() == unknown);
  CHECK(now.retry("198.51.100.9") == unknown);
  now.x.shield.release();
  CHECK(now.caller.next_reply() == applied);
  CHECK(now.retry() == unknown);
  CHECK(now.x.shield.waiting_runs() == 0);
}

TEST_CASE("after a failure the request is live again") {
  flight now{"wait exit 1", "no"};
  CHECK(now.retry() == unknown);
  now.x.shield.release();
  CHECK(now.caller.next_reply() == failed);
  now.x.shield.behave("exit 0");
  CHECK(now.retry() == applied);
}

TEST_CASE("a request dropped while in flight does not come back") {
  // The Python hub makes it live again: the request of a dead container could
  // be answered, and the next container of that name would find the firewall
  // open.
  flight now{"wait exit 1", "no"};
  for (auto type : {"shield_down", "shield_disengaged", "container_exited"}) {
    now.x.server.emit(plain_line(type, "c1"));
    CHECK(now.watcher.next_event().type == type);
  }
  now.x.shield.release();
  CHECK(now.caller.next_reply() == failed);
  CHECK(now.watcher.next_event().type == "verdict_applied");
  CHECK(now.retry() == unknown);
}

TEST_CASE("another container's end does not touch a request in flight") {
  flight now{"wait exit 1", "no"};
  now.x.server.emit(plain_line("container_exited", "c2"));
  CHECK(now.watcher.next_event().type == "container_exited");
  now.x.shield.release();
  CHECK(now.caller.next_reply() == failed);
  now.x.shield.behave("exit 0");
  CHECK(now.retry() == applied);
}

TEST_CASE("success does not close a newer request of the same id") {
  flight now{"wait exit 0"};
  now.x.server.emit(block{}.line());
  CHECK(now.watcher.next_event() == block{}.event());
  now.x.shield.release();
  CHECK(now.caller.next_reply() == applied);
  now.x.shield.behave("exit 0");
  CHECK(now.retry() == applied);
  CHECK(now.retry() == unknown);
}

TEST_CASE("failure does not put the old request over a newer one") {
  flight now{"wait exit 1", "no"};
  block newer;
  newer.dest = "198.51.100.9";
  now.x.server.emit(newer.line());
  CHECK(now.watcher.next_event() == newer.event());
  now.x.shield.release();
  CHECK(now.caller.next_reply() == failed);
  now.x.shield.behave("exit 0");
  CHECK(now.retry().error == "org.terok.Clearance1.VerdictTupleMismatch");
  CHECK(now.retry("198.51.100.9") == applied);
}

TEST_CASE("a request announced again after a drop is a new one") {
  flight now{"wait exit 1", "no"};
  now.x.server.emit(plain_line("shield_down", "c1") + block{}.line());
  now.watcher.events_until(now.x.server.mark());
  now.x.shield.release();
  CHECK(now.caller.next_reply() == failed);
  now.x.shield.behave("exit 0");
  CHECK(now.retry() == applied);
  CHECK(now.retry() == unknown);
}

TEST_CASE("verdicts on different requests run side by side") {
  operation x{each_executor(), "wait exit 0"};
  auto watcher = x.server.subscriber();
  std::vector<varlink_client> callers;
  constexpr int count = 4;
  for (int i = 0; i < count; ++i) {
    block one;
    one.request_id = std::to_string(i);
    one.dest = "d" + std::to_string(i);
    x.shield.behave_for(one.dest, "wait exit 0");
    x.server.emit(one.line());
    CHECK(watcher.next_event() == one.event());
    callers.push_back(x.server.client());
    callers.back().send_verdict("c1", one.request_id, one.dest, "allow");
  }
  // This wait ends only if all shields run at the same time.
  for (int i = 0; i < count; ++i)
    x.shield.next_run();
  // The last one is released first; each one answers when it is done.
  for (int i = count - 1; i >= 0; --i) {
    x.shield.release_for("d" + std::to_string(i));
    CHECK(callers[static_cast<std::size_t>(i)].next_reply() == applied);
    CHECK(watcher.next_event().request_id == std::to_string(i));
  }
}

TEST_CASE("verdicts above the number of shields wait") {
  operation x{each_executor(), "wait exit 0"};
  auto watcher = x.server.subscriber();
  std::vector<varlink_client> callers;
  constexpr int count = 50;
  for (int i = 0; i < count; ++i) {
    block one;
    one.request_id = std::to_string(i);
    x.server.emit(one.line());
    CHECK(watcher.next_event() == one.event());
    callers.push_back(x.server.client());
    callers.back().send_verdict("c1", one.request_id, one.dest, "allow");
  }
  for (int i = 0; i < count; ++i) {
    x.shield.next_run();
    x.shield.release();
  }
  for (auto& caller : callers)
    CHECK(caller.next_reply() == applied);
  for (int i = 0; i < count; ++i)
    CHECK(watcher.next_event().ok);
}

TEST_CASE("a caller that leaves does not cancel its verdict") {
  operation x{each_executor(), "wait exit 0"};
  auto watcher = x.server.subscriber();
  x.server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  // The hub answers this once it has read its audit trail.
  auto anchor = x.server.client();
  anchor.call("org.terok.ClearanceOperator1.History");
  const auto before = descriptor_count(x.server.pid());
  {
    auto caller = x.server.client();
    caller.send_verdict("c1", "c1:1", "203.0.113.7", "allow");
    x.shield.next_run();
  }
  x.shield.release();
  const auto event = watcher.next_event();
  CHECK(event.type == "verdict_applied");
  CHECK(event.ok);
  CHECK(x.server.client().verdict("c1", "c1:1", "203.0.113.7", "allow")
        == unknown);
  // Nothing is left of the caller; a helper keeps its one connection.
  await_descriptor_count(x.server.pid(), before + (x.helper ? 1 : 0));
}

TEST_CASE("the outcome is in every subscriber's queue before the caller has "
          "its reply") {
  operation x{each_executor()};
  std::vector<varlink_client> watchers;
  for (int i = 0; i < 10; ++i)
    watchers.push_back(x.server.subscriber());
  auto caller = x.server.client();
  for (int i = 0; i < 10; ++i) {
    block one;
    one.request_id = std::to_string(i);
    x.server.emit(one.line());
    CHECK(watchers.front().next_event() == one.event());
    CHECK(caller.verdict("c1", one.request_id, one.dest, "deny") == applied);
    // An event after the reply comes after the outcome.
    x.server.emit(plain_line("shield_up", "c1"));
    for (auto& watcher : watchers) {
      if (&watcher != &watchers.front())
        CHECK(watcher.next_event() == one.event());
      CHECK(watcher.next_event().type == "verdict_applied");
      CHECK(watcher.next_event().type == "shield_up");
    }
  }
}

} // namespace verdict_races_tests
