// A burst reaches a client that reads. Tests the whole hub on a virtual clock.
// Source: clearance.md, section 4.

#include "actors/hub/hub.hpp"
#include "test/support/doubles/fake_executor.hpp"
#include "test/support/fixture/actor_fixture.hpp"
#include "test/support/wire/events.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

namespace hub_burst_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
namespace limits = protocol::limits;

namespace {

constexpr std::size_t one_read = 300; // about 64 KiB of lines

struct fixture : actor_fixture {
  fake_executor executor{*this};

  fixture() {
    actors::hub_config config;
    config.io = &io;
    config.clearance_socket = "clients";
    config.reader_socket = "readers";
    config.executor = executor.handle();
    actors::spawn_hub(io, std::move(config));
    run();
  }

  fake_connection_ptr reader() {
    auto result = io.connect("readers");
    run();
    return result;
  }

  /// A subscriber whose socket takes `room` bytes and then blocks.
  fake_connection_ptr subscriber(std::size_t room) {
    auto result = io.connect("clients");
    run();
    result->take(room);
    result->bring(
        {R"({"method":"org.terok.Clearance1.Subscribe","more":true})"});
    run();
    return result;
  }

  protocol::time_point now() { return system.clock().now(); }
};

/// A reader that sends `total` lines as fast as they are read.
struct source {
  fake_connection_ptr reader;
  std::size_t total;
  std::size_t brought = 0;

  bool done() const { return brought == total && reader->reading(); }

  void step() {
    if (brought == total || !reader->reading())
      return;
    auto last = std::min(total, brought + one_read);
    reader->bring(lines(brought + 1, last));
    brought = last;
  }
};

/// If the client waits, gives it room for `events` events.
void drain(const fake_connection_ptr& client, std::size_t events) {
  if (client->awaited())
    client->become_writable(events * blocked(10000)->wire().size());
}

} // namespace

TEST_CASE("50 000 events arrive whole at a client that keeps reading") {
  fixture s;
  auto client = s.subscriber(0);
  source x{s.reader(), 50'000};
  std::size_t rounds = 0;
  while ((!x.done() || client->awaited()) && ++rounds < 10'000) {
    x.step();
    s.run();
    drain(client, 20); // 20 000 events a second
    s.advance(1ms);
  }
  CHECK(x.done());
  CHECK(client->taken() == wire_of(blocks(1, 50'000)));
}

TEST_CASE("they arrive whole while another client is stuck") {
  fixture s;
  auto client = s.subscriber(0);
  auto stuck = s.subscriber(10);
  source x{s.reader(), 50'000};
  std::size_t rounds = 0;
  while ((!x.done() || client->awaited()) && ++rounds < 10'000) {
    x.step();
    s.run();
    drain(client, 20);
    s.advance(1ms);
  }
  CHECK(x.done());
  CHECK(client->taken() == wire_of(blocks(1, 50'000)));
  CHECK(stuck->taken().size() == 10);
}

TEST_CASE("a client that takes nothing pauses a reader for 50 ms at most") {
  fixture s;
  auto stuck = s.subscriber(10);
  source x{s.reader(), 10'000};
  auto start = s.now();
  std::size_t rounds = 0;
  while (!x.done() && ++rounds < 10'000) {
    x.step();
    s.advance(1ms);
  }
  // The time that the reads take on this clock, and the pause.
  CHECK(s.now() - start
        <= 10'000 / one_read * 1ms + 2ms + limits::subscriber_progress);
}

TEST_CASE(
    "a client that takes a little now and then delays a reader only briefly") {
  fixture s;
  auto slow = s.subscriber(0);
  constexpr std::size_t total = 6400;
  source x{s.reader(), total};
  auto start = s.now();
  std::size_t rounds = 0;
  while (!x.done() && ++rounds < 10'000) {
    x.step();
    s.advance(1ms);
    if (rounds % 40 == 0) // often enough to count as progress each time
      drain(slow, 1);
  }
  CHECK(x.done());
  auto paused =
      limits::reader_pause_max + total * limits::reader_pause_earned_per_event;
  // The steps of this clock: one for each read, and one by which each batch may
  // be late.
  auto steps = 1ms * (total / one_read + total / 50);
  CHECK(s.now() - start <= paused + steps);
}

TEST_CASE(
    "large events, which fill the queue by their bytes, arrive whole, too") {
  fixture s;
  auto client = s.subscriber(0);
  auto reader = s.reader();
  const std::string dossier =
      R"(,"dossier":{")" + std::string(20'000, 'k') + R"(":"v"}})";
  auto large = [&](std::size_t n) {
    auto result = line(n);
    result.pop_back();
    return result + dossier;
  };
  constexpr std::size_t total = 300;
  std::size_t brought = 0;
  for (std::size_t rounds = 0;
       (brought < total || client->awaited()) && rounds < 10'000; ++rounds) {
    if (brought < total && reader->reading()) {
      reader->bring(
          {large(brought + 1), large(brought + 2), large(brought + 3)});
      brought += 3;
      s.run();
    }
    if (client->awaited()) // about one event each millisecond
      client->become_writable(21'000);
    s.advance(1ms);
  }
  CHECK(request_ids(client->taken()) == ids(1, total));
}

// Batches go oldest first: this one waits for those held before it, and not for
// what the flood brings later.
TEST_CASE("a reader waits for at most two batches of another reader's flood") {
  fixture s;
  auto client = s.subscriber(0);
  source flood{s.reader(), 10'000};
  auto quiet = s.reader();
  std::size_t said = 0;
  std::size_t waits = 0;
  for (std::size_t rounds = 1; !flood.done() && rounds < 10'000; ++rounds) {
    flood.step();
    s.run();
    drain(client, 20);
    if (quiet->reading() && rounds % 20 == 0) {
      quiet->bring(lines(said + 1, said + 1, "c2"));
      ++said;
    }
    s.advance(1ms);
    waits = quiet->reading() ? 0 : waits + 1;
    CHECK(waits <= 128 / 20 + 1);
  }
  CHECK(flood.done());
  CHECK(said > 10);
}

} // namespace hub_burst_tests
