// Which connection is closed for a new one when all places are taken. See
// http_listen_spec::closes_oldest.

#include "test/actors/io/http/http_fixture.hpp"

#include <doctest/doctest.h>

#include <list>
#include <string>

namespace closing_oldest_tests {

using namespace clearance;
using namespace clearance::test;

namespace {

constexpr std::size_t places = 3;

struct crowded_fixture : http_fixture {
  crowded_fixture() : http_fixture(patient(), places) {}

  // The connection, accepted; `bytes` of it were read.
  http_client& connect_and_send(std::string_view bytes) {
    auto& result = all.emplace_back(connect());
    result.send(bytes);
    for (int i = 0; i < 10; ++i)
      loop.step();
    return result;
  }

  static bool is_closed(http_client& x) {
    std::string bytes;
    return x.socket().readable() && !x.read_more(bytes);
  }

  std::list<http_client> all;
};

} // namespace

TEST_CASE("a client that sends its request slowly gives way to a new one") {
  crowded_fixture x;
  auto& first = x.connect_and_send("");
  auto& second = x.connect_and_send("GET /x HTT");
  auto& third = x.connect_and_send("GET /x HTTP/1.1\r\n");
  CHECK_FALSE(x.is_closed(first));
  auto& fourth = x.connect_and_send("");
  CHECK(x.is_closed(first));
  CHECK_FALSE(x.is_closed(second));
  CHECK_FALSE(x.is_closed(third));
  auto& fifth = x.connect_and_send("");
  CHECK(x.is_closed(second));
  CHECK_FALSE(x.is_closed(third));
  CHECK_FALSE(x.is_closed(fourth));
  CHECK_FALSE(x.is_closed(fifth));
}

TEST_CASE("a client whose request is whole keeps its place") {
  crowded_fixture x;
  auto& first = x.connect_and_send(get);
  auto& second = x.connect_and_send("");
  x.connect_and_send(get);
  REQUIRE(x.heard.open.size() == 2);
  auto& fourth = x.connect_and_send("");
  CHECK_FALSE(x.is_closed(first));
  CHECK(x.is_closed(second));
  CHECK_FALSE(x.is_closed(fourth));
  // All places are taken by requests that are not answered: one more waits.
  auto& fifth = x.connect_and_send(get);
  REQUIRE(x.heard.open.size() == 3);
  auto& sixth = x.connect_and_send(get);
  CHECK(x.heard.open.size() == 3);
  CHECK(x.is_closed(fourth));
  CHECK_FALSE(x.is_closed(sixth));
  // An answered client that says nothing more gives way, too.
  x.heard.open[0]->refuse(404, "no");
  CHECK(x.end().status == 404);
  x.heard.open[0] = nullptr; // who answered does not keep it
  x.until([&] { return x.heard.open.size() == 4; }, "the waiting request");
  CHECK_FALSE(x.is_closed(fifth));
}

TEST_CASE("a client that sends a body and no end gives way, too") {
  crowded_fixture x;
  auto& first = x.connect_and_send(open_post + "3\r\nabc\r\n");
  REQUIRE(x.heard.open.size() == 1);
  x.heard.open[0]->refuse(405, "no");
  x.connect_and_send("");
  x.connect_and_send("");
  CHECK(x.heard.answered.empty());
  x.connect_and_send("");
  CHECK(x.is_closed(first));
  const auto end = x.end();
  CHECK(end.status == 0);
  CHECK(end.received == 3);
  CHECK(end.trouble == "closed for a newer connection");
}

TEST_CASE("one who asks is answered among fifty who drip") {
  crowded_fixture x;
  for (int i = 0; i < 50; ++i)
    x.all.emplace_back(x.connect()).send("GET /");
  auto asking = x.connect();
  const auto request = x.request_of(asking, get);
  request->refuse(200, "all");
  CHECK(x.end().status == 200);
}

} // namespace closing_oldest_tests
