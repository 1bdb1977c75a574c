#include "actors/hub/subscriber.hpp"

#include "test/support/fixture/actor_fixture.hpp"
#include "test/support/wire/events.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>

namespace subscriber_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
namespace limits = protocol::limits;

namespace {

/// One subscriber without undelivered events, on a fake connection.
struct fixture : actor_fixture {
  inbox registry{*this};
  inbox hub{*this};
  fake_connection_ptr connection = std::make_shared<fake_connection>();
  actors::subscriber_actor subscriber;
  std::shared_ptr<actors::queue_status> queue;

  fixture() {
    subscriber = actors::spawn_subscriber(
        io, actors::subscriber_config{registry.as<actors::registry_actor>(),
                                      connection, hub.actor().address()});
    run();
    queue = registry.only<actors::subscribe>().queue;
    registry.tell(subscriber, actors::replay_page{{}, 0, 0, true});
    run();
  }

  void announce(event_list events) {
    registry.tell(subscriber, announcing(std::move(events)));
    run();
  }

  void go_on(std::size_t room) {
    connection->become_writable(room);
    run();
  }

  void go_on() {
    connection->take_all();
    connection->become_writable();
    run();
  }

  bool alive() const { return !io.alive("subscriber").empty(); }
  bool hub_alive() const { return io.alive("inbox").size() == 2; }
};

} // namespace

TEST_CASE(
    "a subscriber writes announced events, one system call for each batch") {
  fixture s;
  auto events = blocks(1, 192);
  s.announce(events);
  CHECK(s.connection->taken() == wire_of(events));
  CHECK(s.connection->writes() == 1);
  CHECK(s.queue->delivered() == 192);
  CHECK(s.queue->level().waiting == 0);
  CHECK(s.queue->level().flowing);
  CHECK_FALSE(s.connection->awaited());
}

TEST_CASE("more events than a batch holds are written in several batches") {
  fixture s;
  auto events = blocks(1, 193);
  s.announce(events);
  CHECK(s.connection->taken() == wire_of(events));
  CHECK(s.connection->writes() == 2);
}

TEST_CASE("an event counts as delivered when its last byte is written") {
  fixture s;
  auto event = blocked(1);
  s.connection->take(event->wire().size() - 1);
  s.announce({event});
  CHECK(s.connection->awaited());
  CHECK_FALSE(event->handed());
  CHECK(s.queue->delivered() == 0);
  s.go_on(1);
  CHECK(event->handed());
  CHECK(s.queue->delivered() == 1);
  CHECK(s.connection->taken() == event->wire());
}

TEST_CASE(
    "a partly written batch goes on at the right byte, whatever the cut") {
  fixture s;
  auto events = blocks(1, 3);
  auto whole = wire_of(events);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    s.connection->take(cut);
    s.announce(events);
    CHECK(s.connection->taken() == whole.substr(0, cut));
    s.go_on();
    CHECK(s.connection->flush_taken() == whole);
  }
}

TEST_CASE("a socket that takes one byte at a time gets every byte in order") {
  fixture s;
  auto events = blocks(1, 3);
  s.connection->take(0);
  s.announce(events);
  for (std::size_t i = 1; i < wire_of(events).size(); ++i) {
    s.go_on(1);
    CHECK(s.connection->taken().size() == i);
  }
  s.go_on(1);
  CHECK(s.connection->taken() == wire_of(events));
  CHECK_FALSE(s.connection->awaited());
}

TEST_CASE("new events come behind a batch that is partly written") {
  fixture s;
  auto first = blocks(1, 3);
  auto second = blocks(4, 8);
  s.connection->take(first[0]->wire().size() + 1);
  s.announce(first);
  s.announce(second);
  s.go_on();
  CHECK(s.connection->taken() == wire_of(first) + wire_of(second));
}

TEST_CASE("a stalled client loses its oldest events and nothing in between") {
  fixture s;
  s.connection->take(1);
  auto begun = blocks(1, 64); // one batch, of which one byte is written
  s.announce(begun);
  for (std::size_t n = 65; n <= 6400; n += 64)
    s.announce(blocks(n, n + 63));
  CHECK(s.queue->dropped() == 6400 - 64 - 128);
  CHECK(s.connection->writes() == 1); // no write was tried in vain
  s.go_on();
  CHECK(request_ids(s.connection->taken())
        == request_ids(wire_of(begun) + wire_of(blocks(6273, 6400))));
}

// The oldest events of the queue may be the rest of a batch, which is kept
// whole.
TEST_CASE("little is held for a stalled client beside its queue") {
  fixture s;
  s.connection->take(0);
  auto events = blocks(1, 500);
  for (auto at = events.begin(); at < events.end(); at += 50)
    s.announce({at, at + 50});
  std::size_t held = 0;
  for (auto& x : events)
    held += x.use_count() > 1 ? 1 : 0;
  CHECK(held == 50 + 150); // being written, and 28 + 50 + 50 wait
  static_assert(limits::subscriber_queue_max_events == 28 + 50 + 50);
}

TEST_CASE("losses are logged once for each burst, with the client's identity") {
  fixture s;
  constexpr auto text = "a client is too slow and loses its oldest events";
  s.connection->take(0);
  s.announce(blocks(1, 64));
  s.announce(blocks(65, 192));
  CHECK(s.log.with(text).empty()); // the queue is just full
  s.announce({blocked(193)});
  auto line = s.log.only(text);
  CHECK(line.level == actors::severity::warning);
  CHECK(line["pid"] == "4242");
  CHECK(line["command"] == "client");
  for (std::size_t n = 200; n < 5000; n += 50)
    s.announce(blocks(n, n + 49));
  CHECK(s.log.with(text).size() == 1);
  s.go_on(); // all is written: the burst is over
  s.connection->take(0);
  s.announce(blocks(5000, 5063));
  s.announce(blocks(5064, 5192));
  CHECK(s.log.with(text).size() == 2);
}

TEST_CASE("while a client takes only a little, its losses are one burst") {
  fixture s;
  auto bytes = blocked(1)->wire().size();
  s.connection->take(0);
  s.announce(blocks(1, 9));
  for (int i = 0; i < 8; ++i) {
    s.announce(blocks(1, 200));
    s.go_on(bytes);
  }
  CHECK(s.log.with("a client is too slow and loses its oldest events").size()
        == 1);
}

TEST_CASE("an accepted event counts as progress, and so does subscribing") {
  fixture s;
  auto start = s.queue->level().last_progress;
  CHECK(start == s.system.clock().now());
  auto bytes = blocked(1)->wire().size();
  s.connection->take(bytes - 1);
  s.advance(10ms);
  s.announce(blocks(1, 2));
  CHECK(s.queue->level().last_progress == start);
  s.advance(10ms);
  s.go_on(1);
  CHECK(s.queue->level().last_progress == start + 20ms);
  s.advance(10ms);
  s.go_on(bytes - 1);
  CHECK(s.queue->level().last_progress == start + 20ms);
}

TEST_CASE(
    "the actor that waits for room is notified once, when there is room") {
  fixture s;
  s.connection->take(0);
  s.announce(blocks(1, 64));
  s.announce(blocks(65, 192));
  s.queue->want_room();
  s.announce({blocked(193)});
  CHECK(s.registry.take<actors::room_atom>().empty());
  s.go_on();
  CHECK(s.registry.take<actors::room_atom>().size() == 1);
  s.announce({blocked(194)});
  CHECK(s.registry.take<actors::room_atom>().empty());
}

TEST_CASE(
    "a client that hangs up is released at once, without harm to others") {
  fixture s;
  s.announce(blocks(1, 3));
  s.connection->hang_up();
  s.run();
  CHECK_FALSE(s.alive());
  CHECK_FALSE(s.connection->open());
  CHECK(s.hub_alive());
  auto line = s.log.only("a client left");
  CHECK(line["why"] == "it hung up");
  CHECK(line["pid"] == "4242");
  CHECK(line["delivered"] == "3");
  CHECK(line["lost"] == "0");
}

// A batch is being written; only events that wait behind it can be lost.
TEST_CASE("a socket that is not full gets a whole batch, and 128 events wait") {
  fixture s;
  s.connection->take(1);
  s.announce(blocks(1, 192 + 128));
  CHECK(s.queue->dropped() == 0);
  CHECK_FALSE(s.queue->level().flowing);
  CHECK(s.queue->level().waiting == 128);
  CHECK(s.log.with("a client is too slow and loses its oldest events").empty());
  s.announce({blocked(321)});
  CHECK(s.queue->dropped() == 1);
  s.go_on();
  CHECK(s.queue->level().flowing);
  CHECK(request_ids(s.connection->taken()).size() == 192 + 128);
}

// With large events a batch reaches its size limit after a few.
TEST_CASE(
    "when a large batch does not fit the socket, surplus events are lost") {
  fixture s;
  s.connection->take(1);
  auto events = blocks(1, 320);
  events.front() = sized(1, limits::subscriber_batch_max_bytes);
  s.registry.tell(s.subscriber, announcing({events.front()}));
  s.registry.tell(s.subscriber, announcing({events.begin() + 1, events.end()}));
  s.run();
  CHECK(s.queue->dropped() == 319 - 128);
  CHECK(s.log.with("a client is too slow and loses its oldest events").size()
        == 1);
}

TEST_CASE("a client that hangs up while its socket is full is released, too") {
  fixture s;
  s.connection->take(0);
  s.announce(blocks(1, 300));
  s.announce(blocks(301, 400));
  s.connection->hang_up();
  s.run();
  CHECK_FALSE(s.alive());
  CHECK(s.log.only("a client left")["lost"] == std::to_string(400 - 192 - 128));
}

TEST_CASE(
    "a broken pipe ends the subscriber, and its events stay undelivered") {
  fixture s;
  auto events = blocks(1, 3);
  s.connection->take(events[0]->wire().size() + 7);
  s.connection->break_when_full();
  s.announce(events);
  CHECK(s.alive());
  s.connection->become_writable(); // the kernel reports it in this way
  s.run();
  CHECK_FALSE(s.alive());
  CHECK_FALSE(s.connection->open());
  CHECK(s.hub_alive());
  CHECK(s.log.only("a client left")["why"] == "its connection broke");
  CHECK(events[0]->handed());
  CHECK_FALSE(events[1]->handed());
  CHECK_FALSE(events[2]->handed());
}

TEST_CASE("when its hub ends, a subscriber ends and closes its connection") {
  fixture s;
  s.hub.leave();
  CHECK_FALSE(s.alive());
  CHECK_FALSE(s.connection->open());
}

TEST_CASE("if a subscriber crashes, its hub ends") {
  fixture s;
  s.crash(s.subscriber, caf::sec::runtime_error);
  CHECK_FALSE(s.hub_alive());
  CHECK_FALSE(s.connection->open());
}

TEST_CASE("a subscriber watches its client, and does not read from it") {
  fixture s;
  CHECK(s.connection->watched());
  CHECK_FALSE(s.connection->reading());
  // A message that was sent before the connection changed its owner.
  caf::anon_send(s.subscriber, actors::received{s.connection->id(), nullptr, 0,
                                                actors::stream_end::eof});
  s.run();
  CHECK(s.alive());
  CHECK_FALSE(s.connection->reading());
}

TEST_CASE("a subscriber's report says how many events which client lost") {
  fixture s;
  s.connection->take(0);
  s.announce(blocks(1, 64)); // being written
  s.announce(blocks(65, 300));
  s.registry.tell(s.subscriber, actors::report_atom::value);
  s.run();
  auto line = s.log.only("counters");
  CHECK(line.component == "subscriber");
  CHECK(line["pid"] == std::to_string(s.connection->who().pid));
  CHECK(line["delivered"] == "0");
  CHECK(line["lost"] == std::to_string(300 - 64 - 128));
  CHECK(line["waiting"] == "128");
}

} // namespace subscriber_tests
