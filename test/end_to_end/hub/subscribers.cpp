// Which events a subscriber gets, and when it is forgotten. Source:
// clearance.md, section 4.

#include "protocol/base/limits.hpp"
#include "test/end_to_end/world/deployment.hpp"
#include "test/support/process/machine_facts.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace subscribers_tests {

namespace {

using namespace clearance::test;

constexpr std::size_t queue_max_events = 128;
constexpr std::size_t mebibyte = 1024 * 1024;

std::string numbered_lines(int from, int to) {
  std::string result;
  for (int i = from; i < to; ++i)
    result += plain_line("shield_up", "c" + std::to_string(i));
  return result;
}

/// The events of a subscriber, as bytes, up to the last one of `reference`.
std::vector<std::string> frames_to(varlink_client& client,
                                   const std::string& last) {
  std::vector<std::string> result;
  do
    result.push_back(client.socket().read_frame().value());
  while (result.back() != last);
  return result;
}

/// Announces much more than the queue and socket of a client that does not read
/// can hold. Returns what `fast`, which reads, has got: everything.
std::vector<std::string> announce_much(hub& server, varlink_client& fast,
                                       int rounds = 100) {
  std::vector<std::string> result;
  for (int round = 0; round < rounds; ++round) {
    const int count = round + 1 == rounds ? 200 : 100;
    server.emit(numbered_lines(round * 100, round * 100 + count));
    for (int i = 0; i < count; ++i)
      result.push_back(fast.socket().read_frame().value());
  }
  return result;
}

} // namespace

TEST_CASE("every subscriber gets every event in order") {
  const runtime where;
  hub server{where};
  auto first = server.subscriber();
  auto second = server.subscriber();
  server.emit(numbered_lines(0, 100));
  for (auto* client : {&first, &second})
    for (int i = 0; i < 100; ++i)
      CHECK(client->next_event().container == "c" + std::to_string(i));
}

TEST_CASE("a stuck subscriber loses its own oldest events and nobody else's") {
  const runtime where;
  hub server{where};
  auto stuck = server.subscriber();
  auto fast = server.subscriber();
  stuck.await_mark(fast.last_mark());
  const auto all = announce_much(server, fast);
  CHECK(all.size() == 10'100);
  for (std::size_t i = 0; i < all.size(); ++i)
    REQUIRE(wire_event::of_reply(all[i]).container == "c" + std::to_string(i));

  const auto late = frames_to(stuck, all.back());
  // It has lost some events; the others are in order and end with the newest
  // 128.
  CHECK(late.size() < all.size());
  REQUIRE(late.size() >= queue_max_events);
  auto position = all.begin();
  for (const auto& frame : late) {
    position = std::find(position, all.end(), frame);
    REQUIRE(position != all.end());
    ++position;
  }
  CHECK(std::equal(late.end() - queue_max_events, late.end(),
                   all.end() - queue_max_events));
  // From now on it is like any other subscriber.
  server.emit(block{}.line());
  CHECK(stuck.next_event() == block{}.event());
}

TEST_CASE("stuck subscribers cost no memory") {
  const runtime where;
  hub server{where};
  auto fast = server.subscriber();
  std::vector<varlink_client> stuck;
  for (int i = 0; i < 10; ++i)
    stuck.push_back(server.subscriber());
  fast.await_mark(stuck.back().last_mark());
  announce_much(server, fast, 20);
  const auto before = resident_bytes(server.pid());
  SUBCASE("with many small events") {
    announce_much(server, fast, 200);
  }
  SUBCASE("with some events of 200 KB") {
    std::string dossier;
    for (int i = 0; i < 700; ++i)
      dossier += (i ? ",\"" : "\"") + std::to_string(i) + "\":\""
                 + std::string(256, 'd') + '"';
    const auto line = R"({"type":"shield_up","container":"c1","dossier":{)"
                      + dossier + "}}\n";
    for (int i = 0; i < 200; ++i) {
      server.emit(line);
      fast.socket().read_frame();
    }
  }
  CHECK(resident_bytes(server.pid()) < before + 8 * mebibyte * bytes_a_byte);
}

TEST_CASE("a subscriber that leaves is forgotten at once") {
  const runtime where;
  hub server{where};
  auto other = server.subscriber();
  const auto before = descriptor_count(server.pid());
  std::optional<varlink_client> leaver;
  leaver.emplace(server.client());
  leaver.reset();
  await_descriptor_count(server.pid(), before);
  leaver.emplace(server.subscriber());
  CHECK(descriptor_count(server.pid()) == before + 1);
  SUBCASE("after it has read everything") {
    leaver.reset();
  }
  SUBCASE("while its queue is full and the hub does not read from it") {
    other.await_mark(leaver->last_mark());
    announce_much(server, other);
    leaver.reset();
  }
  SUBCASE("after it has shut down its writing side") {
    leaver->socket().half_close();
    other.await_mark(leaver->last_mark());
    server.emit(block{}.line());
    CHECK(leaver->next_event() == block{}.event());
    leaver.reset();
  }
  SUBCASE("while calls wait behind its subscription") {
    leaver->send("org.varlink.service.GetInfo");
    leaver.reset();
  }
  // The test announces no event before the hub has noticed that the client
  // left.
  await_descriptor_count(server.pid(), before);
}

TEST_CASE("a client that shuts down its writing side has not left") {
  const runtime where;
  hub server{where};
  auto client = server.subscriber();
  client.socket().half_close();
  auto other = server.subscriber();
  server.emit(block{}.line());
  CHECK(client.next_event() == block{}.event());
  CHECK(other.next_event() == block{}.event());
  server.emit(plain_line("shield_down", "c1"));
  CHECK(client.next_event() == plain_event("shield_down", "c1"));
}

TEST_CASE(
    "a half-close directly after the call does not end the subscription") {
  const runtime where;
  hub server{where};
  auto client = server.client();
  client.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  client.socket().half_close();
  client.socket().await_taken();
  server.subscriber();
  server.emit(block{}.line());
  CHECK(client.next_event() == block{}.event());
}

TEST_CASE("calls behind a subscription wait, and take no memory") {
  const runtime where;
  hub server{where};
  auto client = server.subscriber();
  client.send("org.varlink.service.GetInfo");
  server.emit(block{}.line());
  CHECK(client.next_event() == block{}.event());
  server.emit(plain_line("shield_up", "c1"));
  CHECK(client.next_event() == plain_event("shield_up", "c1"));
  // Now as many calls as the socket takes.
  const auto before = resident_bytes(server.pid());
  auto other = server.client();
  const std::string call = call_bytes("org.varlink.service.GetInfo");
  std::size_t sent = 0;
  for (int still = 0; still < 50;) {
    const auto n = client.socket().send_some(call);
    sent += n;
    REQUIRE(sent < 16 * mebibyte);
    still = n == 0 ? still + 1 : 0;
    if (n == 0)
      CHECK(other.call("org.varlink.service.GetInfo").error == "");
  }
  CHECK(resident_bytes(server.pid()) < before + 4 * mebibyte * bytes_a_byte);
  server.emit(block{}.line());
  CHECK(client.next_event() == block{}.event());
}

TEST_CASE("4096 subscribers are served, one more is closed until one leaves") {
  constexpr auto most = clearance::protocol::limits::subscribers_max;
  if (raise_descriptor_limit() < most + 500) {
    skipped("needs a higher limit of descriptors");
    return;
  }
  const runtime where;
  hub server{where};
  const auto subscribe = [&] {
    auto result = server.client();
    result.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
    return result;
  };
  std::vector<varlink_client> crowd;
  while (crowd.size() + 1 < most)
    crowd.push_back(subscribe());
  for (auto& each : crowd)
    each.socket().await_taken();
  // so the subscribers before it are there, too
  crowd.push_back(server.subscriber());
  unsigned blocks = 0;
  const auto check_all_hear = [&] {
    block x;
    x.request_id = "c1:" + std::to_string(++blocks);
    server.emit(x.line());
    for (auto& each : crowd)
      REQUIRE(each.next_event() == x.event());
  };
  check_all_hear();
  const auto descriptors = descriptor_count(server.pid());
  CHECK(subscribe().socket().read_to_end() == "");
  server.process().await_err("too many subscribers");
  // Other calls are answered, and no slot is lost.
  CHECK(server.client().call("org.varlink.service.GetInfo").error == "");
  check_all_hear();
  await_descriptor_count(server.pid(), descriptors);
  crowd.pop_back();
  await_descriptor_count(server.pid(), descriptors - 1);
  crowd.push_back(server.subscriber());
  CHECK(subscribe().socket().read_to_end() == "");
  check_all_hear();
}

} // namespace subscribers_tests
