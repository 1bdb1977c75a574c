#include "actors/io/http/transfer.hpp"

#include "test/actors/io/http/http_fixture.hpp"

#include <doctest/doctest.h>

namespace transfer_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
using fixture = http_fixture;

// git writes a head before it has read the body. nginx stops sending a body
// when it receives a head.
TEST_CASE("a head is held back until the body was read") {
  auto times = patient();
  times.body = 1s; // enough for a shell to write something
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, open_post + "3\r\nabc\r\n");
  // The line on stderr is written after the head on stdout.
  const auto script =
      x.script("printf 'A: b\\n\\n'; echo said >&2; cat >/dev/null; "
               "printf done");
  CHECK_EQ(request->serve(script), 0);
  x.until([&] { return !x.heard.said.empty(); }, "a line");
  x.loop.step();
  CHECK_FALSE(client.socket().readable());
  SUBCASE("when the body has ended the head is sent") {
    client.send("0\r\n\r\n");
    CHECK_EQ(x.end().status, 200);
    CHECK_EQ(client.next().body, "done");
  }
  SUBCASE("if the body stops the client gets 408 instead") {
    CHECK(x.rest_of(client).starts_with("HTTP/1.1 408 "));
    CHECK_EQ(x.end().status, 408);
  }
  SUBCASE("if the body is malformed the client gets 400 instead") {
    client.send("nonsense\r\n");
    CHECK(x.rest_of(client).starts_with("HTTP/1.1 400 "));
    CHECK_EQ(x.end().status, 400);
  }
}

TEST_CASE("when the body was read the head is sent before the response's first "
          "byte") {
  fixture x;
  auto client = x.connect();
  auto request = x.request_of(client, open_post + "0\r\n\r\n");
  CHECK_EQ(request->serve(x.script("printf 'A: b\\n\\n'; read x; sleep 1000")),
           0);
  std::string head;
  x.until(
      [&] {
        if (client.socket().readable())
          client.read_more(head);
        return head.ends_with("\r\n\r\n");
      },
      "a head");
  CHECK(head.starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a response that begins before the end of the body is passed on") {
  fixture x;
  auto client = x.connect();
  auto request = x.request_of(client, open_post);
  CHECK_EQ(request->serve(x.script("printf 'A: b\\n\\nsome'; cat >/dev/null")),
           0);
  std::string head;
  x.until(
      [&] {
        if (client.socket().readable())
          client.read_more(head);
        return head.ends_with("some\r\n");
      },
      "the first bytes");
  client.send("0\r\n\r\n");
  CHECK_EQ(x.end().status, 200);
}

TEST_CASE(
    "a response without a body is sent before the request's body was read") {
  fixture x;
  auto client = x.connect();
  auto request = x.request_of(client, open_post);
  CHECK_EQ(request->serve(x.script("printf 'Status: 403 No\\n\\n'")), 0);
  CHECK(x.rest_of(client).starts_with("HTTP/1.1 403 "));
  CHECK_EQ(x.end().status, 403);
}

TEST_CASE("a body above its limit gets 413, also if git has written a head") {
  fixture x;
  for (std::string body : {"5\r\nabcde\r\n0\r\n\r\n", "6\r\nabcdef\r\n"}) {
    auto client = x.connect();
    auto request = x.request_of(client, open_post);
    auto plan = x.script("printf 'A: b\\n\\n'; echo said >&2; cat >/dev/null");
    plan.body_max_bytes = 5;
    CHECK_EQ(request->serve(plan), 0);
    x.heard.said.clear();
    x.until([&] { return !x.heard.said.empty(); }, "a line");
    client.send(body);
    CHECK_EQ(x.end().status, body[0] == '5' ? 200 : 413);
  }
}

TEST_CASE("a body that arrives too slowly is ended when others wait") {
  auto times = patient();
  times.body_rate = 20ms;
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, open_post + "1\r\na\r\n");
  CHECK_EQ(request->serve(x.script("cat >/dev/null; printf 'A: b\\n\\n'")), 0);
  // A slow body is not ended while nobody waits. end_if_slow() does nothing
  // until the body is known to be slow.
  x.until(
      [&] {
        request->end_if_slow();
        return !x.heard.answered.empty();
      },
      "the end of a slow body");
  CHECK_EQ(x.end().status, 408);
  CHECK(x.rest_of(client).starts_with("HTTP/1.1 408 "));
  CHECK(no_children());
}

TEST_CASE("a slow body is not ended while nobody waits") {
  auto times = patient();
  times.body_rate = 1ms;
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, open_post + "1\r\na\r\n");
  CHECK_EQ(request->serve(x.script("cat >/dev/null; printf 'A: b\\n\\n'; "
                                   "printf done")),
           0);
  for (int i = 0; i < 20; ++i) { // each byte comes after more than one window
    client.send("1\r\nb\r\n");
    x.until([&] { return client.socket().untaken() == 0; }, "its reading");
  }
  client.send("0\r\n\r\n");
  CHECK_EQ(x.end().status, 200);
}

// -- a backend whose head the gate writes -----------------------------------

/// A backend for which the gate writes the head and the first bytes.
actors::backend_plan preceded(http_fixture& x, const std::string& script,
                              bool body_first = false) {
  for (const auto* name : {"objects", "refs"})
    std::filesystem::create_directory(x.dir / name);
  write_file(x.dir / "HEAD", "ref: refs/heads/main\n");
  write_file(x.dir / "config", "");
  auto result = x.script("exit 1"); // must not be started
  protocol::direct_service service;
  service.repository = x.dir.path();
  service.argv = {"sh", "-c", script};
  service.environment = result.environment;
  service.preamble = "A: b\r\n\r\nbegin,";
  service.body_first = body_first;
  result.direct = {"/bin/sh", service, {}};
  return result;
}

TEST_CASE("the gate's bytes come before the backend's first byte") {
  fixture x;
  auto client = x.connect();
  auto request = x.request_of(client, get);
  SUBCASE("the backend writes") {
    CHECK_EQ(request->serve(preceded(x, "printf more")), 0);
    CHECK_EQ(x.end().sent, 10);
    const auto response = client.next();
    CHECK_EQ(response.field("A"), "b");
    CHECK_EQ(response.body, "begin,more");
  }
  SUBCASE("the backend writes nothing") {
    CHECK_EQ(request->serve(preceded(x, "exit 0")), 0);
    CHECK_EQ(x.end().status, 200);
    CHECK_EQ(client.next().body, "begin,");
  }
}

TEST_CASE("a backend that fails before its first byte gives 502") {
  fixture x;
  for (auto script : {"exit 1", "kill -9 $$"}) {
    auto client = x.connect();
    auto request = x.request_of(client, get);
    CHECK_EQ(request->serve(preceded(x, script)), 0);
    CHECK(x.rest_of(client).starts_with("HTTP/1.1 502 "));
    CHECK_EQ(x.end().status, 502);
  }
}

TEST_CASE("a backend that is killed after its first byte ends the connection") {
  fixture x;
  auto client = x.connect();
  auto request = x.request_of(client, get);
  CHECK_EQ(request->serve(preceded(x, "printf more; kill -9 $$")), 0);
  CHECK_FALSE(x.rest_of(client).ends_with("\r\n0\r\n\r\n"));
  CHECK_EQ(x.end().trouble, "the backend was killed");
}

TEST_CASE("the output of a backend can wait for the end of the body") {
  auto times = patient();
  times.body = 1s; // enough for a shell to write something
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, open_post + "3\r\nabc\r\n");
  CHECK_EQ(request->serve(preceded(
               x, "printf more; echo said >&2; exec cat >/dev/null", true)),
           0);
  x.until([&] { return !x.heard.said.empty(); }, "a line");
  x.loop.step();
  CHECK_FALSE(client.socket().readable());
  SUBCASE("the body ends") {
    client.send("0\r\n\r\n");
    CHECK_EQ(x.end().status, 200);
    CHECK_EQ(client.next().body, "begin,more");
  }
  SUBCASE("the body stops") {
    CHECK(x.rest_of(client).starts_with("HTTP/1.1 408 "));
    CHECK_EQ(x.end().status, 408);
  }
  SUBCASE("the body is malformed") {
    client.send("nonsense\r\n");
    CHECK(x.rest_of(client).starts_with("HTTP/1.1 400 "));
    CHECK_EQ(x.end().status, 400);
  }
  SUBCASE("the client leaves") {
    client = x.connect();
    CHECK_EQ(x.end().trouble, "the client left");
  }
}

TEST_CASE("if the direct backend cannot be started the other backend is") {
  fixture x;
  for (bool plain : {true, false}) {
    auto client = x.connect();
    auto request = x.request_of(client, get);
    auto plan = preceded(x, "printf this");
    plan.argv = {"sh", "-c", "printf 'A: b\\n\\nother'"};
    if (plain)
      plan.direct->program = "/missing";
    else
      write_file(x.dir / "config", "[http]\n");
    CHECK_EQ(request->serve(plan), 0);
    CHECK_EQ(x.end().status, 200);
    CHECK_EQ(client.next().body, "other");
  }
}

TEST_CASE("a refusal waits for the body up to its time limit") {
  auto times = patient();
  times.drain = 20ms;
  fixture slow{times};
  auto client = slow.connect();
  auto request = slow.request_of(client, open_post + "3\r\nabc\r\n");
  request->refuse(404, "no");
  CHECK(slow.rest_of(client).ends_with("no"));
  CHECK_EQ(slow.end().received, 3);
  fixture x;
  auto whole = x.connect();
  request = x.request_of(whole, open_post + "3\r\nabc\r\n");
  request->refuse(404, "no");
  x.loop.step();
  CHECK_FALSE(whole.socket().readable());
  whole.send("0\r\n\r\n");
  CHECK_EQ(x.end().received, 3);
  CHECK_EQ(whole.next().body, "no");
  x.refuse(whole); // the connection still works
}

} // namespace transfer_tests
