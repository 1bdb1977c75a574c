// An undelivered event waits for the next client that subscribes, as long as
// the block can be answered. Source: clearance.md, section 4.

#include "test/end_to_end/world/deployment.hpp"

#include <doctest/doctest.h>

#include <set>

namespace replay_tests {

namespace {

using namespace clearance::test;

block numbered(int i, const std::string& container = "c1") {
  block result;
  result.container = container;
  result.request_id = container + ":" + std::to_string(i);
  return result;
}

/// Subscribes and returns the events that came before the first new one.
std::vector<wire_event> replayed(hub& server) {
  auto client = server.subscriber();
  return client.events_until(server.mark());
}

/// Returns when the hub has handled all lines so far: the hub closes the
/// reader's connection then. So the test needs no subscriber.
void settle(hub& server, std::string_view lines) {
  auto reader = server.reader();
  reader.send(lines);
  reader.half_close();
  CHECK(reader.read_to_end() == "");
}

} // namespace

TEST_CASE("blocks announced to nobody go to the first subscriber, oldest "
          "first") {
  const runtime where;
  hub server{where};
  settle(server,
         numbered(1).line() + numbered(2, "c2").line() + numbered(3).line());
  auto client = server.subscriber();
  server.emit(numbered(4).line());
  CHECK(to_string(client.events_until(server.mark()))
        == to_string(std::vector{numbered(1).event(), numbered(2, "c2").event(),
                                 numbered(3).event(), numbered(4).event()}));
  // Only the first subscriber gets them.
  CHECK(to_string(replayed(server)) == "");
}

TEST_CASE("a replay comes before events announced after the call") {
  const runtime where;
  hub server{where};
  std::string lines;
  for (int i = 0; i < 1000; ++i)
    lines += numbered(i).line();
  settle(server, lines);
  auto client = server.client();
  client.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  client.socket().await_taken();
  server.emit(numbered(1000).line());
  for (int i = 0; i <= 1000; ++i)
    REQUIRE(client.next_event() == numbered(i).event());
}

TEST_CASE("a replay is not bounded by the queue, and not lost on a slow "
          "client") {
  const runtime where;
  hub server{where};
  std::string lines;
  for (int i = 0; i < 4000; ++i)
    lines += numbered(i).line();
  settle(server, lines);
  auto slow = server.client();
  slow.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  slow.socket().await_taken();
  // The subscriber does not read while the hub does other things.
  for (int i = 0; i < 20; ++i)
    CHECK(server.client().call("org.varlink.service.GetInfo").error == "");
  for (int i = 0; i < 4000; ++i)
    REQUIRE(slow.next_event() == numbered(i).event());
}

TEST_CASE("only what can still be answered is replayed") {
  operation x{each_executor()};
  auto caller = x.server.client();
  settle(x.server, numbered(1).line() + numbered(2, "down").line()
                       + numbered(3, "disengaged").line()
                       + numbered(4, "exited").line() + numbered(5).line()
                       + numbered(6, "up").line()
                       + plain_line("shield_down", "down")
                       + plain_line("shield_disengaged", "disengaged")
                       + plain_line("container_exited", "exited")
                       + plain_line("shield_up", "up")
                       + plain_line("container_started", "up"));
  CHECK(caller.verdict("c1", "c1:5", "203.0.113.7", "deny")
        == success(R"({"ok":true})"));
  CHECK(to_string(replayed(x.server))
        == to_string(
            std::vector{numbered(1).event(), numbered(6, "up").event()}));
}

TEST_CASE("events that are no blocks, and blocks without a request, are not "
          "replayed") {
  const runtime where;
  hub server{where};
  block nameless;
  nameless.request_id = "";
  settle(server, plain_line("shield_up", "c1")
                     + plain_line("container_started", "c1") + nameless.line());
  CHECK(to_string(replayed(server)) == "");
}

TEST_CASE(
    "if a request is repeated only its newest block is replayed, in order") {
  const runtime where;
  hub server{where};
  auto again = numbered(1);
  again.dest = "198.51.100.9";
  settle(server, numbered(1).line() + numbered(2).line() + again.line());
  CHECK(to_string(replayed(server))
        == to_string(std::vector{numbered(2).event(), again.event()}));
}

TEST_CASE("a block that a stuck subscriber never got goes to the next one") {
  const runtime where;
  hub server{where};
  constexpr int count = 4000;
  auto stuck = server.subscriber();
  // More bytes than the socket and the queue hold, so that the queue drops some
  // events.
  std::string lines;
  for (int i = 0; i < count; ++i)
    lines += numbered(i).line();
  settle(server, lines);
  const auto next = replayed(server);
  REQUIRE(!next.empty());
  CHECK(next.back() == numbered(count - 1).event());
  std::set<std::string> seen;
  int previous = -1;
  for (const auto& event : next) {
    const auto number = std::stoi(event.request_id.substr(3));
    CHECK(number > previous);
    previous = number;
    seen.insert(event.request_id);
  }
  CHECK(seen.size() < count);
  // The events that were not replayed have all reached the stuck client.
  stuck.await_mark(server.mark());
  for (int i = 0; i < count; ++i)
    if (!seen.contains(numbered(i).request_id))
      CHECK(stuck.next_event().request_id == numbered(i).request_id);
    else
      break;
}

TEST_CASE("blocks in the queue of a subscriber that leaves are not lost") {
  const runtime where;
  hub server{where};
  constexpr int count = 4000;
  std::optional<varlink_client> leaver{server.subscriber()};
  std::string lines;
  for (int i = 0; i < count; ++i)
    lines += numbered(i).line();
  settle(server, lines);
  leaver.reset();
  const auto next = replayed(server);
  REQUIRE(next.size() >= 128);
  // The replay has the last events without a gap. The socket of the client that
  // left had accepted the events before them.
  for (std::size_t i = 0; i < next.size(); ++i)
    CHECK(next[i]
          == numbered(count - static_cast<int>(next.size() - i)).event());
}

TEST_CASE("an undelivered block whose verdict failed is replayed") {
  operation x{each_executor(), "exit 1", "no"};
  settle(x.server, numbered(1).line());
  CHECK(x.server.client().verdict("c1", "c1:1", "203.0.113.7", "deny").error
        == "org.terok.Clearance1.ShieldCliFailed");
  CHECK(to_string(replayed(x.server))
        == to_string(std::vector{numbered(1).event()}));
}

TEST_CASE("a request in flight is not replayed") {
  operation x{each_executor(), "wait exit 0"};
  settle(x.server, numbered(1).line() + numbered(2).line());
  auto caller = x.server.client();
  caller.send_verdict("c1", "c1:1", "203.0.113.7", "deny");
  x.shield.next_run();
  CHECK(to_string(replayed(x.server))
        == to_string(std::vector{numbered(2).event()}));
  x.shield.release();
  CHECK(caller.next_reply() == success(R"({"ok":true})"));
}

TEST_CASE("a block whose container ends during a replay is not replayed") {
  // Nobody could answer the prompt of a container that is gone.
  const runtime where;
  hub server{where};
  std::string lines;
  for (int i = 0; i < 4000; ++i)
    lines += numbered(i).line();
  settle(server, lines);
  auto slow = server.client();
  slow.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  slow.socket().await_taken();
  auto other = server.subscriber();
  server.emit(plain_line("container_exited", "c1"));
  CHECK(other.events_until(server.mark()).back().type == "container_exited");
  int next = 0;
  for (auto event = slow.next_event(); event.type != "container_exited";
       event = slow.next_event())
    CHECK(event == numbered(next++).event());
  CHECK(next < 4000);
  server.emit(plain_line("shield_up", "c1"));
  CHECK(slow.next_event() == plain_event("shield_up", "c1"));
}

TEST_CASE("two clients at once get every block, neither one twice") {
  const runtime where;
  hub server{where};
  constexpr int count = 4000;
  std::string lines;
  for (int i = 0; i < count; ++i)
    lines += numbered(i).line();
  settle(server, lines);
  std::vector<varlink_client> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(server.client());
    clients.back().send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
    clients.back().socket().await_taken();
  }
  const auto mark = server.mark();
  std::set<int> seen;
  for (auto& client : clients) {
    int previous = -1;
    for (const auto& event : client.events_until(mark)) {
      const auto number = std::stoi(event.request_id.substr(3));
      CHECK(number > previous);
      previous = number;
      seen.insert(number);
    }
  }
  CHECK(seen.size() == count);
}

} // namespace replay_tests
