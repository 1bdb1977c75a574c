// The helper ends and starts again. No verdict may run twice. Source:
// clearance.md, section 6.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/doubles/fake_server.hpp"

#include <doctest/doctest.h>

#include <signal.h>

namespace verdict_helper_tests {

namespace {

using namespace clearance::test;

const auto applied = success(R"({"ok":true})");

void announce(hub& server, const block& x = {}) {
  auto watcher = server.subscriber();
  server.emit(x.line());
  CHECK(watcher.next_event() == x.event());
}

varlink_reply deny(hub& server) {
  return server.client().verdict("c1", "c1:1", "203.0.113.7", "deny");
}

void check_unreachable(const varlink_reply& reply) {
  CHECK(reply.error == "org.terok.Clearance1.ShieldCliFailed");
  CHECK(reply.parameters["action"].text() == "deny");
  const auto why = reply.parameters["stderr"].text();
  CAPTURE(why);
  CHECK(why.starts_with("verdict helper unreachable: "));
}

} // namespace

TEST_CASE(
    "a helper that does not run is unreachable, and is found when it starts") {
  runtime where;
  fake_shield shield;
  hub server{where};
  auto watcher = server.subscriber();
  announce(server);
  check_unreachable(deny(server));
  CHECK(watcher.next_event() == block{}.event());
  const auto outcome = watcher.next_event();
  CHECK(outcome.type == "verdict_applied");
  CHECK_FALSE(outcome.ok);
  auto helper =
      start(serve_verdict(where, shield.program()), {where.verdict()});
  CHECK(deny(server) == applied);
}

TEST_CASE("a restart of the helper between verdicts is not noticed") {
  operation x{executor::helper};
  announce(x.server);
  CHECK(deny(x.server) == applied);
  for (int signal : {SIGTERM, SIGKILL}) {
    x.helper->kill(signal);
    x.helper->wait();
    x.helper.emplace(
        start(serve_verdict(x.where, x.shield.program()), {x.where.verdict()}));
    announce(x.server);
    CHECK(deny(x.server) == applied);
  }
  for (int i = 0; i < 3; ++i)
    x.shield.next_run();
  CHECK(x.shield.waiting_runs() == 0);
}

TEST_CASE("a helper that was killed is unreachable until it is back") {
  operation x{executor::helper};
  announce(x.server);
  CHECK(deny(x.server) == applied);
  x.helper->kill(SIGKILL);
  x.helper->wait();
  announce(x.server);
  check_unreachable(deny(x.server));
  check_unreachable(deny(x.server));
  x.helper.emplace(
      start(serve_verdict(x.where, x.shield.program()), {x.where.verdict()}));
  CHECK(deny(x.server) == applied);
}

TEST_CASE(
    "a verdict fails when its helper is killed, and it is not run again") {
  operation x{executor::helper, "wait exit 0"};
  announce(x.server);
  auto caller = x.server.client();
  caller.send_verdict("c1", "c1:1", "203.0.113.7", "deny");
  x.shield.next_run();
  x.helper->kill(SIGKILL);
  check_unreachable(caller.next_reply());
  x.helper->wait();
  x.helper.emplace(
      start(serve_verdict(x.where, x.shield.program()), {x.where.verdict()}));
  CHECK(x.shield.waiting_runs() == 0);
  x.shield.behave("exit 0");
  CHECK(deny(x.server) == applied);
}

TEST_CASE("a call that was written is never written twice") {
  runtime where;
  fake_server helper{where.verdict()};
  hub server{where};
  announce(server);
  auto caller = server.client();
  caller.send_verdict("c1", "c1:1", "203.0.113.7", "deny");
  {
    auto peer = helper.accept();
    const auto call = json::parse(peer.read_frame().value());
    CHECK(call["method"].text() == "org.terok.ClearanceVerdict1.Apply");
    CHECK(call["parameters"]
          == json::parse(R"({"container":"c1","dest":"203.0.113.7",)"
                         R"("action":"deny"})"));
    // It closes without an answer.
  }
  check_unreachable(caller.next_reply());
  CHECK_FALSE(helper.connection_waits());
}

TEST_CASE("a call that was written on a kept connection is not written "
          "twice either") {
  runtime where;
  fake_server helper{where.verdict()};
  hub server{where};
  announce(server);
  auto caller = server.client();
  caller.send_verdict("c1", "c1:1", "203.0.113.7", "deny");
  auto kept = std::optional<raw_socket>{helper.accept()};
  kept->read_frame();
  using namespace std::string_literals;
  kept->send(R"({"parameters":{"ok":true,"stderr":""}})"
             "\0"s);
  CHECK(caller.next_reply() == applied);
  announce(server);
  caller.send_verdict("c1", "c1:1", "203.0.113.7", "deny");
  kept->read_frame();
  kept.reset();
  check_unreachable(caller.next_reply());
  CHECK_FALSE(helper.connection_waits());
}

TEST_CASE("a helper that answers nonsense makes the verdict fail") {
  runtime where;
  fake_server helper{where.verdict()};
  hub server{where};
  announce(server);
  using namespace std::string_literals;
  for (const auto& answer : {
           "nonsense\0"s,
           "\0"s,
           "[]\0"s,
           R"({"parameters":{}})"
           "\0"s,
           R"({"parameters":{"ok":"true","stderr":""}})"
           "\0"s,
           R"({"error":"org.varlink.service.MethodNotFound",)"
           R"("parameters":{"method":"Apply"}})"
           "\0"s,
           std::string(2 * 1024 * 1024, ' '),
       }) {
    CAPTURE(answer.substr(0, 100));
    auto caller = server.client();
    caller.send_verdict("c1", "c1:1", "203.0.113.7", "deny");
    auto peer = helper.accept();
    peer.read_frame();
    try {
      peer.send(answer);
    } catch (const peer_closed&) {
      // The hub closed the connection because the answer is too long.
    }
    const auto reply = caller.next_reply();
    CHECK(reply.error == "org.terok.Clearance1.ShieldCliFailed");
    CHECK(reply.parameters["stderr"].text() != "");
  }
  // A valid answer that comes in pieces is accepted.
  auto caller = server.client();
  caller.send_verdict("c1", "c1:1", "203.0.113.7", "deny");
  auto peer = helper.accept();
  peer.read_frame();
  for (const char c : R"({"parameters":{"ok":true,"stderr":""}})"
                      "\0"s)
    peer.send_apart(std::string(1, c));
  CHECK(caller.next_reply() == applied);
}

TEST_CASE("an idle connection to the helper that was closed is replaced") {
  runtime where;
  fake_server helper{where.verdict()};
  hub server{where};
  using namespace std::string_literals;
  for (int i = 0; i < 3; ++i) {
    announce(server);
    auto caller = server.client();
    caller.send_verdict("c1", "c1:1", "203.0.113.7", "deny");
    // Each time a new connection, because the test closed the last one.
    auto peer = helper.accept();
    peer.read_frame();
    peer.send(R"({"parameters":{"ok":true,"stderr":""}})"
              "\0"s);
    CHECK(caller.next_reply() == applied);
  }
}

TEST_CASE("connections to the helper are kept and used again") {
  runtime where;
  fake_server helper{where.verdict()};
  hub server{where};
  using namespace std::string_literals;
  std::optional<raw_socket> peer;
  for (int i = 0; i < 3; ++i) {
    announce(server);
    auto caller = server.client();
    caller.send_verdict("c1", "c1:1", "203.0.113.7", "deny");
    if (!peer)
      peer.emplace(helper.accept());
    peer->read_frame();
    peer->send(R"({"parameters":{"ok":true,"stderr":""}})"
               "\0"s);
    CHECK(caller.next_reply() == applied);
  }
  CHECK_FALSE(helper.connection_waits());
}

TEST_CASE("a connection to the helper carries one verdict at a time") {
  runtime where;
  fake_server helper{where.verdict()};
  hub server{where};
  using namespace std::string_literals;
  std::vector<varlink_client> callers;
  std::vector<raw_socket> peers;
  for (int i = 0; i < 3; ++i) {
    block one;
    one.request_id = std::to_string(i);
    announce(server, one);
    callers.push_back(server.client());
    callers.back().send_verdict("c1", one.request_id, one.dest, "deny");
    peers.push_back(helper.accept());
    peers.back().read_frame();
  }
  for (std::size_t i = callers.size(); i-- > 0;) {
    CHECK_FALSE(peers[i].readable());
    peers[i].send(R"({"parameters":{"ok":true,"stderr":""}})"
                  "\0"s);
    CHECK(callers[i].next_reply() == applied);
  }
}

TEST_CASE("the connections to the helper are limited, and further verdicts "
          "wait for one") {
  runtime where;
  fake_server helper{where.verdict()};
  hub server{where};
  using namespace std::string_literals;
  std::vector<varlink_client> callers;
  std::vector<raw_socket> peers;
  constexpr std::size_t count = 40;
  for (std::size_t i = 0; i < count; ++i) {
    block one;
    one.request_id = std::to_string(i);
    announce(server, one);
    callers.push_back(server.client());
    callers.back().send_verdict("c1", one.request_id, one.dest, "deny");
    // This loop ends when the hub has handled the call, so the verdict is in
    // flight then.
    const deadline guard;
    while (server.client().verdict("c1", one.request_id, "?", "deny").error
           != "org.terok.Clearance1.UnknownRequest")
      guard.pace("a verdict in flight");
    if (helper.connection_waits())
      peers.push_back(helper.accept());
  }
  CHECK(peers.size() >= 2);
  CHECK(peers.size() <= count / 2);
  std::size_t answered = 0;
  const deadline guard;
  while (answered < count) {
    for (auto& peer : peers) {
      if (!peer.readable())
        continue;
      peer.read_frame();
      peer.send(R"({"parameters":{"ok":true,"stderr":""}})"
                "\0"s);
      ++answered;
    }
    guard.pace("all calls to the helper");
  }
  for (auto& caller : callers)
    CHECK(caller.next_reply() == applied);
  CHECK_FALSE(helper.connection_waits());
}

} // namespace verdict_helper_tests
