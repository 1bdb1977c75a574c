// Crowds: thousands of connections; peers that stall, reset, close one side or
// send byte by byte; no free descriptors. Good clients are served all the time,
// and afterwards the process has as many descriptors as before.

#include "test/end_to_end/chaos/chaos.hpp"
#include "test/end_to_end/world/deployment.hpp"
#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/end_to_end/world/supervision.hpp"
#include "test/support/process/machine_facts.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <sys/socket.h>

namespace chaos_crowds_tests {

namespace {

using namespace clearance::test;

const auto applied = success(R"({"ok":true})");
const auto get_info = call_bytes("org.varlink.service.GetInfo");
const auto subscribe =
    call_bytes("org.terok.Clearance1.Subscribe", {}, R"("more":true)");

const std::string ours = authorization(gate_world::token);
const auto refs =
    http_request("GET", "/r.git/info/refs?service=git-upload-pack", {ours});

/// Checks that one more event arrives and one more block is answered.
void check_serves(hub& server, unsigned number) {
  const recovery time{"hub beside a crowd"};
  block x;
  x.request_id = "c1:" + std::to_string(number);
  x.dest = "d" + std::to_string(number);
  auto watcher = server.subscriber();
  server.emit(x.line());
  while (watcher.next_event() != x.event())
    continue; // older blocks that are open again
  CHECK(server.client().verdict("c1", x.request_id, x.dest, "allow")
        == applied);
  time.served();
}

/// The bytes that each peer sends, one byte in each turn of all peers.
struct trickle {
  raw_socket socket;
  std::string bytes;
  std::size_t sent = 0;
};

/// Sends the next byte of each peer; false if all are sent.
bool trickle_on(std::vector<trickle>& all) {
  bool more = false;
  for (auto& x : all)
    if (x.sent < x.bytes.size()) {
      x.socket.send({&x.bytes[x.sent++], 1});
      more = true;
    }
  return more;
}

/// Closes the connection with a reset instead of an end of file.
void reset(raw_socket x) {
  const linger hard{1, 0};
  ::setsockopt(x.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

} // namespace

TEST_CASE("5000 connections are served, and no descriptor of them stays open") {
  constexpr std::size_t crowd = 5000;
  if (raise_descriptor_limit() < crowd + 500) {
    skipped("needs a higher limit of descriptors");
    return;
  }
  operation x{executor::hub};
  const auto pid = x.server.pid();
  check_serves(x.server, 1);
  auto anchor = x.server.client();
  const auto descriptors = settled_descriptors(pid, anchor);
  const auto resident = resident_bytes(pid);
  std::size_t first_peak = 0;
  for (unsigned wave = 0; wave < 3; ++wave) {
    std::vector<raw_socket> readers;
    std::vector<raw_socket> clients;
    for (std::size_t i = 0; i < crowd / 2; ++i) {
      readers.emplace_back(x.where.reader());
      clients.emplace_back(x.where.clearance());
    }
    await_descriptor_count(pid, descriptors + crowd);
    // Every client sends something: half of them a call, half a subscription.
    for (std::size_t i = 0; i < clients.size(); ++i)
      clients[i].send(i % 2 == 0 ? get_info : subscribe);
    for (std::size_t i = 0; i < clients.size(); i += 2)
      CHECK(clients[i].read_frame().value_or("").find("terok")
            != std::string::npos);
    for (auto& reader : readers)
      reader.send(" \n");
    check_serves(x.server, 2 + wave);
    for (std::size_t i = 1; i < clients.size(); i += 2)
      CHECK(clients[i].read_frame().has_value());
    const auto peak = resident_bytes(pid);
    CHECK(peak < resident + crowd * 8192 * bytes_a_byte);
    if (wave == 0)
      first_peak = peak;
    // A wave needs no more memory than the first wave, so connections leave no
    // memory behind.
    CHECK(peak < first_peak + 1024 * 1024 * bytes_a_byte);
    readers.clear();
    clients.clear();
    await_descriptor_count(pid, descriptors);
  }
  check_serves(x.server, 9);
  CHECK(x.server.stop() == exited(0));
}

TEST_CASE("a hub serves others beside peers that stall, reset, half-close and "
          "trickle") {
  operation x{each_executor()};
  dice random{"hub's peers"};
  const auto pid = x.server.pid();
  check_serves(x.server, 1);
  auto anchor = x.server.client();
  const auto descriptors = settled_descriptors(pid, anchor);
  const auto threads = thread_count(pid);
  auto watcher = x.server.subscriber();
  for (unsigned round = 0; round < 4; ++round) {
    std::vector<raw_socket> stuck;
    std::vector<trickle> slow;
    std::size_t slow_readers = 0;
    for (int i = 0; i < 150; ++i) {
      const bool reads = random.below(2) == 0;
      raw_socket peer{reads ? x.where.reader() : x.where.clearance()};
      const auto bytes = reads ? plain_line("shield_up", "slow") : get_info;
      switch (random.below(5)) {
      case 0: // sends nothing, or half a message, and stays
        if (random.below(2) == 0)
          peer.send(std::string_view(bytes).substr(0, bytes.size() / 2));
        stuck.push_back(std::move(peer));
        break;
      case 1: // leaves without reading its answer
        peer.send(reads ? bytes.substr(0, 5) : bytes + bytes);
        break;
      case 2: // half-closes in the middle of a message
        peer.send(std::string_view(bytes).substr(0, bytes.size() / 2));
        peer.half_close();
        stuck.push_back(std::move(peer));
        break;
      case 3: // a subscriber that leaves, or never reads
        if (!reads)
          peer.send(subscribe);
        if (random.below(2) == 0)
          stuck.push_back(std::move(peer));
        break;
      default:
        slow_readers += reads;
        slow.push_back({std::move(peer), bytes});
      }
    }
    check_serves(x.server, 2 + round);
    while (trickle_on(slow))
      if (random.below(20) == 0)
        x.server.emit(plain_line("shield_up", "c1"));
    // The calls that arrived byte by byte are answered like all other calls.
    for (auto& peer : slow)
      if (peer.bytes == get_info)
        CHECK(peer.socket.read_frame().value_or("").find("terok")
              != std::string::npos);
    while (slow_readers > 0)
      if (watcher.next_event().container == "slow")
        --slow_readers;
  }
  watcher = varlink_client{x.where.clearance()};
  check_serves(x.server, 9);
  await_descriptor_count(pid, descriptors + 1);
  CHECK(thread_count(pid) == threads);
}

TEST_CASE("a gate serves others beside clients that stall, reset, half-close "
          "and trickle") {
  const gate_world world;
  world.seed();
  dice random{"gate's clients"};
  gate server{world};
  const auto pid = server.process().pid();
  const auto descriptors = descriptor_count(pid);
  const auto threads = thread_count(pid);
  for (int round = 0; round < 4; ++round) {
    std::vector<http_client> stuck;
    std::vector<trickle> slow;
    for (int i = 0; i < 60; ++i) {
      raw_socket peer{connect_tcp(server.port())};
      switch (random.below(5)) {
      case 0:
        peer.send(std::string_view(refs).substr(0, random.below(refs.size())));
        stuck.emplace_back(std::move(peer));
        break;
      case 1:
        peer.send(std::string_view(refs).substr(0, random.below(refs.size())));
        reset(std::move(peer));
        break;
      case 2: // git serves it already, or is about to start
        peer.send(refs);
        reset(std::move(peer));
        break;
      case 3:
        peer.send(std::string_view(refs).substr(0, refs.size() / 2));
        peer.half_close();
        stuck.emplace_back(std::move(peer));
        break;
      default:
        if (slow.size() < 8 * static_cast<std::size_t>(round + 1))
          slow.push_back({std::move(peer), refs});
      }
    }
    world.must_git({"clone", "-q", server.url(), "c" + std::to_string(round)});
    while (trickle_on(slow))
      continue;
    for (auto& peer : slow) {
      http_client client{std::move(peer.socket)};
      CHECK_EQ(client.next().status, 200);
    }
  }
  await_no_descendants(pid);
  await_descriptor_count(pid, descriptors);
  CHECK(thread_count(pid) == threads);
  world.in_mirror({"fsck", "--full", "--strict"});
}

TEST_CASE("a gate without a free descriptor serves again when one is free") {
  const gate_world world;
  world.seed();
  auto options = gate_on_socket(world);
  options.descriptors = {{32, 32}};
  child server{std::move(options)};
  server.await_err("serving");
  const auto descriptors = descriptor_count(server.pid());
  {
    // This client connected while descriptors were free. It sends its request
    // when none is free, so that git cannot be started.
    http_client early{raw_socket{world.socket()}};
    CHECK_EQ(early.call(http_request("GET", "/")).status, 404);
    std::vector<raw_socket> crowd;
    for (int i = 0; i < 60; ++i)
      crowd.emplace_back(world.socket());
    await_descriptor_count(server.pid(), 32);
    CHECK_GE(early.call(refs).status, 500);
    CHECK_EQ(early.call(http_request("GET", "/")).status, 404);
  }
  const recovery time{"gate after a crowd"};
  http_client late{raw_socket{world.socket()}};
  CHECK_EQ(late.call(refs).status, 200);
  time.served();
  late = http_client{raw_socket{unique_fd{}}};
  await_no_descendants(server.pid());
  await_descriptor_count(server.pid(), descriptors);
}

TEST_CASE("a helper without a free descriptor runs a verdict once, later") {
  const runtime where;
  fake_shield shield;
  auto options = serve_verdict(where, shield.program());
  options.descriptors = {{32, 32}};
  auto helper = start(std::move(options), {where.verdict()});
  hub server{where};
  auto watcher = server.subscriber();
  auto caller = server.client();
  server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  {
    std::vector<raw_socket> crowd;
    for (int i = 0; i < 60; ++i)
      crowd.emplace_back(where.verdict());
    await_descriptor_count(helper.pid(), 32);
    caller.send_verdict("c1", "c1:1", "203.0.113.7", "allow");
    caller.socket().await_taken();
    // The hub has taken the verdict; the helper cannot accept it yet.
    CHECK(server.client().verdict("c1", "c1:1", "203.0.113.7", "allow").error
          == "org.terok.Clearance1.UnknownRequest");
  }
  const recovery time{"helper after a crowd"};
  CHECK(caller.next_reply() == applied);
  time.served();
  shield.next_run();
  CHECK(shield.waiting_runs() == 0);
}

} // namespace chaos_crowds_tests
