#include "actors/io/http/transfer.hpp"

#include "test/actors/io/http/http_fixture.hpp"

#include <doctest/doctest.h>

namespace transfer_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
using fixture = http_fixture;

// nginx stops sending a body when it sees a head; git writes one before it
// reads.
TEST_CASE("a head is held back until the body was read") {
  auto times = patient();
  times.body = 1s; // for a shell to say something
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, open_post + "3\r\nabc\r\n");
  // The line on stderr comes behind the head on stdout.
  const auto script =
      x.script("printf 'A: b\\n\\n'; echo said >&2; cat >/dev/null; "
               "printf done");
  CHECK_EQ(request->serve(script), 0);
  x.until([&] { return !x.heard.said.empty(); }, "a line");
  x.loop.step();
  CHECK_FALSE(client.socket().readable());
  SUBCASE("and is sent then") {
    client.send("0\r\n\r\n");
    CHECK_EQ(x.end().status, 200);
    CHECK_EQ(client.next().body, "done");
  }
  SUBCASE("and is another one when the body stands still") {
    CHECK(x.rest_of(client).starts_with("HTTP/1.1 408 "));
    CHECK_EQ(x.end().status, 408);
  }
  SUBCASE("and is another one when the body is malformed") {
    client.send("nonsense\r\n");
    CHECK(x.rest_of(client).starts_with("HTTP/1.1 400 "));
    CHECK_EQ(x.end().status, 400);
  }
}

TEST_CASE("a head whose body is read comes before the first byte behind it") {
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

TEST_CASE("a response that begins before the body's end is passed on") {
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

TEST_CASE("a response without a body is sent, read or not") {
  fixture x;
  auto client = x.connect();
  auto request = x.request_of(client, open_post);
  CHECK_EQ(request->serve(x.script("printf 'Status: 403 No\\n\\n'")), 0);
  CHECK(x.rest_of(client).starts_with("HTTP/1.1 403 "));
  CHECK_EQ(x.end().status, 403);
}

TEST_CASE("a body above its bound gets 413, whatever git has said") {
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

TEST_CASE("a body that comes too slowly is ended when others wait") {
  auto times = patient();
  times.body_rate = 20ms;
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, open_post + "1\r\na\r\n");
  CHECK_EQ(request->serve(x.script("cat >/dev/null; printf 'A: b\\n\\n'")), 0);
  // However slow it is, it goes on while nobody waits; until it is known to be
  // slow, being asked changes nothing.
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

TEST_CASE("a body that stands still for long is no matter while nobody waits") {
  auto times = patient();
  times.body_rate = 1ms;
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, open_post + "1\r\na\r\n");
  CHECK_EQ(request->serve(x.script("cat >/dev/null; printf 'A: b\\n\\n'; "
                                   "printf done")),
           0);
  for (int i = 0; i < 20; ++i) { // more than a window each
    client.send("1\r\nb\r\n");
    x.until([&] { return client.socket().untaken() == 0; }, "its reading");
  }
  client.send("0\r\n\r\n");
  CHECK_EQ(x.end().status, 200);
}

TEST_CASE("a refusal waits for the body, as long as it may") {
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
  x.refuse(whole); // the connection goes on
}

} // namespace transfer_tests
