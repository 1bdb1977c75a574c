// Events byte by byte. Source: clearance.md, section 3.

#include "test/end_to_end/world/deployment.hpp"

#include <doctest/doctest.h>

namespace events_tests {

namespace {

using namespace clearance::test;

std::string bytes_of(varlink_client& subscriber) {
  return subscriber.socket().read_frame().value_or("closed");
}

} // namespace

TEST_CASE("a block is encoded in exactly these bytes") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  server.emit(R"({"type":"pending","container":"c1","id":"c1:1",)"
              R"("dest":"203.0.113.7","port":443,"proto":6,)"
              R"("domain":"a\"b\\c/d","dossier":{"k\"\\\u0007\u00e9":"v"}})"
              "\n");
  CHECK(json::parse(bytes_of(watcher))
        == json::parse(
            R"({"continues":true,"parameters":{"event":{)"
            R"("type":"connection_blocked","container":"c1",)"
            R"("request_id":"c1:1","dest":"203.0.113.7","port":443,"proto":6,)"
            R"("domain":"a\"b\\c/d","action":"","ok":false,"reason":"",)"
            R"("dossier":{"k\"\\\u0007é":"v"}}}})"));
}

TEST_CASE("an event without fields of its own has zero values, in order") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  for (auto type : {"container_started", "container_exited", "shield_up",
                    "shield_down", "shield_disengaged"}) {
    CAPTURE(type);
    server.emit(plain_line(type, "c1"));
    CHECK(bytes_of(watcher)
          == R"({"continues":true,"parameters":{"event":{"type":")"
                 + std::string(type)
                 + R"(","container":"c1","request_id":"","dest":"","port":0,)"
                   R"("proto":0,"domain":"","action":"","ok":false,)"
                   R"("reason":"","dossier":{}}}})");
  }
}

TEST_CASE("fields that belong to lines of another type are ignored") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  const std::string rest =
      R"(,"container":"c1","id":"i","request_id":"i","dest":"d","port":1,)"
      R"("proto":6,"domain":"n","action":"allow","ok":true,"reason":"r"})";
  for (auto type :
       {"container_started", "shield_up", "shield_down", "shield_disengaged"}) {
    CHECK(to_string(server.events_of(
              R"({"type":")" + std::string(type) + "\"" + rest, watcher))
          == to_string(std::vector{plain_event(type, "c1")}));
  }
  auto blocked = block{"c1", "i", "d", "n", 1, 6}.event();
  CHECK(to_string(server.events_of(R"({"type":"pending")" + rest, watcher))
        == to_string(std::vector{blocked}));
  auto exited = plain_event("container_exited", "c1");
  exited.reason = "r";
  CHECK(to_string(
            server.events_of(R"({"type":"container_exited")" + rest, watcher))
        == to_string(std::vector{exited}));
}

TEST_CASE(
    "verdict_applied has values only in container, request_id, action and ok") {
  operation x{each_executor()};
  auto watcher = x.server.subscriber();
  block blocked;
  blocked.domain = "example.org";
  x.server.emit(blocked.line());
  CHECK(watcher.next_event() == blocked.event());
  auto caller = x.server.client();
  CHECK(caller.verdict("c1", "c1:1", "example.org", "allow")
        == success(R"({"ok":true})"));
  CHECK(bytes_of(watcher)
        == R"({"continues":true,"parameters":{"event":{)"
           R"("type":"verdict_applied","container":"c1",)"
           R"("request_id":"c1:1","dest":"","port":0,"proto":0,"domain":"",)"
           R"("action":"allow","ok":true,"reason":"","dossier":{}}}})");
}

TEST_CASE("a reader cannot claim a verdict") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  CHECK(server
            .events_of(R"({"type":"verdict_applied","container":"c1",)"
                       R"("request_id":"c1:1","action":"allow","ok":true})",
                       watcher)
            .empty());
}

} // namespace events_tests
