#include "services/client/varlink_client.hpp"

#include "test/support/net/raw_socket.hpp"

#include <doctest/doctest.h>

#include <array>
#include <sys/socket.h>

namespace varlink_client_tests {

// The service is a double: a socket pair whose other end holds its answer
// before it is asked, or is closed. The real one is driven end to end.
using namespace clearance::services;
using namespace std::chrono_literals;
using clearance::test::raw_socket;
using clearance::test::unique_fd;

namespace {

struct pair {
  pair() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                         ends.data())
            == 0);
    service.emplace(unique_fd{ends[0]});
    client.emplace(descriptor{ends[1]});
  }

  auto call(std::chrono::milliseconds time_limit = 1h) {
    return client->call("a.b.C", {{"k", "v\n"}},
                        std::chrono::steady_clock::now() + time_limit);
  }

  std::string why_not(std::chrono::milliseconds time_limit = 1h) {
    return std::get<varlink_client::failure>(call(time_limit)).why;
  }

  std::optional<raw_socket> service;
  std::optional<varlink_client> client;
};

} // namespace

TEST_CASE("a call is sent and its reply is returned") {
  pair x;
  x.service->send(std::string_view{"{\"parameters\":{\"ok\":true}}\0", 27});
  auto reply = std::get<clearance::protocol::varlink::reply>(x.call());
  CHECK(reply.error.empty());
  REQUIRE(reply.parameters.size() == 1);
  CHECK(reply.parameters[0].name == "ok");
  CHECK(reply.parameters[0].text == "true");
  CHECK(x.service->read_frame()
        == R"({"method":"a.b.C","parameters":{"k":"v\n"}})");
}

TEST_CASE("one client calls again and again") {
  pair x;
  for (int i = 0; i < 3; ++i) {
    x.service->send(std::string_view{"{}\0", 3});
    CHECK(
        std::holds_alternative<clearance::protocol::varlink::reply>(x.call()));
  }
}

TEST_CASE("an error reply is a reply") {
  pair x;
  x.service->send(std::string_view{"{\"error\":\"a.b.Bad\"}\0", 20});
  auto reply = std::get<clearance::protocol::varlink::reply>(x.call());
  CHECK(reply.error == "a.b.Bad");
}

TEST_CASE("a service that leaves and a slow service are different failures") {
  pair gone;
  gone.service.reset();
  CHECK(gone.why_not() == "closed the connection without an answer");
  pair half;
  half.service->send("{\"para");
  half.service->half_close();
  CHECK(half.why_not() == "closed the connection without an answer");
  pair slow;
  CHECK(slow.why_not(1ms)
        == "did not answer in time; is it the hub's socket for clients?");
}

TEST_CASE("an answer that is in the socket counts although the service left") {
  pair x;
  x.service->send(std::string_view{"{}\0", 3});
  x.service.reset();
  CHECK(std::holds_alternative<clearance::protocol::varlink::reply>(x.call()));
}

TEST_CASE("a call to a service that reads nothing fails at the deadline") {
  pair x;
  std::string large(4'000'000, 'x');
  auto result = x.client->call("a.b.C", {{"k", large}},
                               std::chrono::steady_clock::now() + 1ms);
  CHECK(std::get<varlink_client::failure>(result).why
        == "does not take the call");
}

TEST_CASE("bytes that are no reply are a failure") {
  pair x;
  x.service->send(std::string_view{"hello\0", 6});
  CHECK(x.why_not().starts_with("answered with bytes that are no reply: "));
}

} // namespace varlink_client_tests
