#include "actors/io/http/http_server.hpp"

#include "actors/base/error.hpp"
#include "actors/io/socket/bind_tcp.hpp"
#include "test/actors/io/http/http_fixture.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace http_server_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
using fixture = http_fixture;

TEST_CASE("a client that sends nothing is closed without an answer") {
  auto times = patient();
  times.head = 20ms;
  fixture x{times};
  auto client = x.connect();
  CHECK_EQ(x.rest_of(client), "");
  CHECK(x.heard.malformed.empty());
}

TEST_CASE("a client that does not finish its head gets 408") {
  auto times = patient();
  times.head = 20ms;
  fixture x{times};
  auto client = x.connect();
  client.send("GET /x HTT");
  CHECK(x.rest_of(client).starts_with("HTTP/1.1 408 "));
  REQUIRE_EQ(x.heard.malformed.size(), 1);
  CHECK_EQ(x.heard.malformed[0].status, 408);
}

TEST_CASE(
    "an idle connection is closed, and a new request on it has its full time") {
  auto times = patient();
  times.idle = 20ms;
  fixture x{times};
  auto client = x.connect();
  x.refuse(client);
  const auto rest = x.rest_of(client);
  CHECK(rest.ends_with("no")); // and nothing after it
  times.idle = long_time;
  times.head = 20ms;
  fixture y{times};
  auto second = y.connect();
  y.refuse(second);
  second.send("G");
  CHECK_NE(y.rest_of(second).find("HTTP/1.1 408 "), std::string::npos);
}

TEST_CASE("a body that stops arriving ends its backend and gets 408") {
  auto times = patient();
  times.body = 20ms;
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, open_post + "3\r\nabc\r\n");
  CHECK_EQ(request->serve(x.script("cat >/dev/null; sleep 1000")), 0);
  CHECK(x.rest_of(client).starts_with("HTTP/1.1 408 "));
  const auto end = x.end();
  CHECK_EQ(end.status, 408);
  CHECK_EQ(end.received, 3);
  CHECK_EQ(end.trouble, "the client sends nothing");
  CHECK(no_children());
}

TEST_CASE(
    "a backend that writes nothing in time is ended, and the client gets 504") {
  auto times = patient();
  times.backend = 20ms;
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, get);
  CHECK_EQ(request->serve(x.script("sleep 1000")), 0);
  CHECK(x.rest_of(client).starts_with("HTTP/1.1 504 "));
  CHECK_EQ(x.end().status, 504);
  CHECK(no_children());
}

TEST_CASE("a backend that stops in its body ends the connection") {
  auto times = patient();
  times.backend = 1s; // enough for a shell to write something
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, get);
  CHECK_EQ(request->serve(x.script("printf 'A: b\\n\\nsome'; sleep 1000")), 0);
  CHECK(x.rest_of(client).ends_with("some\r\n")); // the last chunk is missing
  const auto end = x.end();
  CHECK_EQ(end.status, 200);
  CHECK_EQ(end.trouble, "the backend does nothing");
}

TEST_CASE("a client that does not read is closed") {
  auto times = patient();
  times.write = 20ms;
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, get);
  CHECK_EQ(request->serve(x.script("printf 'A: b\\n\\n'; exec cat /dev/zero")),
           0);
  CHECK_EQ(x.end().trouble, "the client takes nothing");
  CHECK(no_children());
}

TEST_CASE("a backend that closes its output but does not end is killed") {
  auto times = patient();
  times.backend_exit = 20ms;
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, get);
  CHECK_EQ(request->serve(
               x.script("printf 'A: b\\n\\nall'; exec >&- 2>&-; sleep 1000")),
           0);
  x.rest_of(client);
  CHECK_EQ(x.end().trouble, "the backend was killed");
  CHECK(no_children());
}

TEST_CASE("a request object that is destroyed closes its connection") {
  fixture x;
  auto undecided = x.connect();
  x.request_of(undecided, get).reset();
  CHECK_EQ(x.rest_of(undecided), "");
  auto served = x.connect();
  auto request = x.request_of(served, get);
  CHECK_EQ(request->serve(x.script("printf 'A: b\\n\\nx'; sleep 1000")), 0);
  std::string got;
  x.until(
      [&] {
        return served.socket().readable() && served.read_more(got)
               && got.ends_with("x\r\n");
      },
      "the beginning of a response");
  request.reset();
  CHECK_EQ(x.rest_of(served), "");
  x.until([] { return no_children(); }, "the end of the backend");
  CHECK(x.heard.answered.empty());
}

TEST_CASE(
    "the owner is told when a client leaves, before and after the decision") {
  fixture x;
  std::optional<http_client> client = x.connect();
  auto request = x.request_of(*client, get);
  client.reset();
  auto end = x.end();
  CHECK_EQ(end.status, 0);
  CHECK_EQ(end.trouble, "the client left");
  // A decision after the client has left does nothing.
  request->refuse(404, "no");
  CHECK_EQ(request->serve(x.script("sleep 1000")), 0);
  CHECK(no_children());
  client = x.connect();
  request = x.request_of(*client, open_post);
  CHECK_EQ(request->serve(x.script("sleep 1000")), 0);
  client.reset();
  end = x.end();
  CHECK_EQ(end.status, 0);
  CHECK_EQ(end.trouble, "the client left");
  CHECK(no_children());
}

TEST_CASE("if a program cannot be started the request can still be refused") {
  fixture x;
  auto client = x.connect();
  auto request = x.request_of(client, get);
  CHECK_EQ(request->serve({"/nonexistent", {"x"}, {}}), ENOENT);
  request->refuse(500, "no such program");
  CHECK_EQ(x.end().status, 500);
  x.refuse(client); // the connection still works
}

TEST_CASE(
    "when the listener ends idle connections are closed and requests finish") {
  fixture x;
  auto idle = x.connect();
  auto half = x.connect();
  half.send("GET");
  auto busy = x.connect();
  auto request = x.request_of(busy, get);
  auto ahead = x.connect(); // its second request will not be served
  auto first = x.request_of(ahead, get + get);
  x.listener.reset();
  CHECK_EQ(x.rest_of(idle), "");
  CHECK_EQ(x.rest_of(half), "");
  CHECK_THROWS_AS(x.connect(), std::system_error);
  CHECK_EQ(request->serve(x.script("printf 'A: b\\n\\nstill served'")), 0);
  CHECK_NE(x.rest_of(busy).find("still served"), std::string::npos);
  first->refuse(404, "no");
  const auto rest = x.rest_of(ahead);
  CHECK(rest.ends_with("no"));
  CHECK_EQ(rest.find("HTTP/1.1", 1), std::string::npos);
  CHECK(x.heard.open.empty());
}

TEST_CASE("the last stderr line of a backend arrives before its request ends") {
  fixture x;
  auto client = x.connect();
  auto request = x.request_of(client, get);
  CHECK_EQ(request->serve(x.script(
               "printf 'A: b\\n\\n'; exec >&-; printf 'last words' >&2")),
           0);
  CHECK_EQ(x.end().status, 200);
  CHECK_EQ(x.heard.said, std::vector<std::string>{"last words"});
}

TEST_CASE("a port is bound by its number, and the listener names the port that "
          "it got") {
  fixture x;
  actors::http_listen_spec spec;
  spec.role = "test port";
  spec.address = "127.0.0.1";
  auto first = x.server->listen_http(spec, x.owner);
  REQUIRE(first);
  const auto where = (*first)->where();
  REQUIRE(where.starts_with("127.0.0.1:"));
  const auto port = static_cast<std::uint16_t>(std::stoul(where.substr(10)));
  http_client client{connect_tcp(port)};
  x.refuse(client);
  spec.port = port;
  auto second = x.server->listen_http(spec, x.owner);
  REQUIRE_FALSE(second);
  CHECK_EQ(actors::what(second.error()),
           "cannot bind the test port " + where + ": Address already in use");
  spec.address = "localhost";
  auto name = x.server->listen_http(spec, x.owner);
  REQUIRE_FALSE(name);
  CHECK_NE(actors::what(name.error()).find("not a numeric address"),
           std::string::npos);
}

TEST_CASE("a TCP client that leaves is noticed, too") {
  fixture x;
  actors::http_listen_spec spec;
  spec.role = "test port";
  spec.address = "127.0.0.1";
  auto listener = x.server->listen_http(spec, x.owner);
  REQUIRE(listener);
  const auto port =
      static_cast<std::uint16_t>(std::stoul((*listener)->where().substr(10)));
  {
    http_client client{connect_tcp(port)};
    auto request = x.request_of(client, get);
    CHECK_EQ(request->serve(x.script("sleep 1000")), 0);
    x.heard.open.push_back(std::move(request));
  }
  CHECK_EQ(x.end().trouble, "the client left");
}

TEST_CASE("is_loopback is true for loopback addresses only") {
  for (auto address : {"127.0.0.1", "127.255.255.254", "::1"})
    CHECK(io::is_loopback(address));
  for (auto address : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "localhost",
                       "", "::ffff:10.0.0.1", "1", "127.0.0.1 "})
    CHECK_FALSE(io::is_loopback(address));
}

} // namespace http_server_tests
