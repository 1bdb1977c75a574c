// The wire contract, section 4: 50 000 events as fast as the socket takes them
// reach a client that reads. The Python hub delivers 140 of them.

#include "test/end_to_end/deployment.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <future>
#include <poll.h>

namespace {

using namespace clearance::test;

constexpr int burst = 50'000;

std::string burst_lines() {
  block one;
  one.domain = "download.example.org";
  std::string result;
  for (int i = 0; i < burst; ++i) {
    one.request_id = "c1:" + std::to_string(i);
    result += one.line();
  }
  return result;
}

/// Reads `count` events as fast as it can; looks at them afterwards.
std::string read_events(varlink_client& client, std::ptrdiff_t count) {
  const deadline guard;
  std::string result;
  for (std::ptrdiff_t seen = 0; seen < count;) {
    guard.await(client.socket().fd(), POLLIN,
                "event " + std::to_string(seen) + " of the burst");
    const auto before = result.size();
    REQUIRE(client.socket().read_some(result));
    seen += std::count(result.begin() + static_cast<std::ptrdiff_t>(before),
                       result.end(), '\0');
  }
  return result;
}

/// All, whole, in order.
void check_complete(const std::string& bytes) {
  std::size_t begin = 0;
  block expected;
  expected.domain = "download.example.org";
  for (int i = 0; i < burst; ++i) {
    const auto end = bytes.find('\0', begin);
    REQUIRE(end != std::string::npos);
    expected.request_id = "c1:" + std::to_string(i);
    const auto frame = std::string_view(bytes).substr(begin, end - begin);
    REQUIRE(wire_event::of_reply(frame) == expected.event());
    begin = end + 1;
  }
  CHECK(begin == bytes.size());
}

std::future<void> send_all(raw_socket& reader, const std::string& lines) {
  return std::async(std::launch::async, [&] { reader.send(lines); });
}

} // namespace

TEST_CASE("a burst reaches a client that reads") {
  const runtime where;
  hub server{where};
  auto client = server.subscriber();
  auto reader = server.reader();
  const auto lines = burst_lines();
  auto sent = send_all(reader, lines);
  check_complete(read_events(client, burst));
  sent.get();
}

TEST_CASE("a burst reaches a client that reads beside a stuck one") {
  const runtime where;
  hub server{where};
  auto stuck = server.subscriber();
  auto client = server.subscriber();
  auto reader = server.reader();
  const auto lines = burst_lines();
  auto sent = send_all(reader, lines);
  check_complete(read_events(client, burst));
  sent.get();
}

TEST_CASE("a burst reaches several clients that read") {
  const runtime where;
  hub server{where};
  std::vector<varlink_client> clients;
  for (int i = 0; i < 3; ++i)
    clients.push_back(server.subscriber());
  // Marks that came after a subscription are no part of the burst.
  for (std::size_t i = 0; i + 1 < clients.size(); ++i)
    clients[i].await_mark(clients.back().last_mark());
  auto reader = server.reader();
  const auto lines = burst_lines();
  auto sent = send_all(reader, lines);
  std::vector<std::future<std::string>> reads;
  for (auto& client : clients)
    reads.push_back(std::async(std::launch::async,
                               [&] { return read_events(client, burst); }));
  for (auto& bytes : reads)
    check_complete(bytes.get());
  sent.get();
}

TEST_CASE("a burst nobody reads ends, and the hub goes on") {
  const runtime where;
  hub server{where};
  auto stuck = server.subscriber();
  auto reader = server.reader();
  reader.send(burst_lines());
  reader.half_close();
  CHECK(reader.read_to_end() == "");
  CHECK(server.client().call("org.varlink.service.GetInfo").error == "");
}
