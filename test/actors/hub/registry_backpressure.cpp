// A reader is not read faster than subscribers that make progress accept
// events. Source: clearance.md, section 4.

#include "test/support/fixture/registry_fixture.hpp"

#include <doctest/doctest.h>

#include <chrono>

namespace registry_backpressure_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
namespace limits = protocol::limits;

namespace {

constexpr auto max_pause = limits::reader_pause_max;

/// A registry with one subscriber whose queue is as full as the test says.
struct fixture : registry_fixture {
  subscriber_client client{*this};
  inbox other_reader{*this};

  void fill(std::size_t waiting) {
    client.queue->set_waiting(waiting, waiting);
  }
  void progress() { client.queue->progress(1, system.clock().now()); }
  bool batch_announced() {
    return !reader.take<actors::batch_announced>().empty();
  }
  void room() {
    client.box.tell(registry, actors::room_atom::value);
    run();
  }
  void announce_other(event_list events, protocol::duration left = max_pause) {
    other_reader.tell(registry,
                      actors::announce{2, batch_of(std::move(events)), left});
    run();
  }

  std::string counter(const char* name) {
    log.clear();
    hub.tell(registry, actors::report_atom::value);
    run();
    return log.only("counters")[name];
  }
};

} // namespace

TEST_CASE("a batch that just fits goes at once") {
  fixture s;
  s.fill(64);
  s.announce(blocks(1, 64), max_pause);
  CHECK(s.reader.only<actors::batch_announced>().waited == 0ms);
  CHECK(request_ids(s.client.heard()) == ids(1, 64));
  CHECK(s.counter("batches_held_back") == "0");
}

TEST_CASE("a batch that would drop one event waits, and asks for room") {
  fixture s;
  s.fill(65);
  s.announce(blocks(1, 64), max_pause);
  CHECK_FALSE(s.batch_announced());
  CHECK(s.client.heard().empty());
  CHECK(s.client.queue->take_room_wanted());
  CHECK(s.counter("batches_held_back") == "1");
}

TEST_CASE("a batch that would drop an event for its bytes waits, too") {
  fixture s;
  auto event = blocked(1);
  auto most = limits::subscriber_queue_max_bytes - event->wire().size();
  s.client.queue->set_waiting(1, most);
  s.announce({event}, max_pause);
  CHECK(s.batch_announced());
  s.client.queue->set_waiting(1, most + 1);
  s.announce({event}, max_pause);
  CHECK_FALSE(s.batch_announced());
}

TEST_CASE("a batch larger than a queue waits until the socket is not full") {
  fixture s;
  const auto events = limits::subscriber_queue_max_events + 1;
  s.fill(0);
  s.announce(blocks(1, events), max_pause);
  CHECK_FALSE(s.batch_announced());
  s.client.queue->set_flowing(true);
  s.room();
  CHECK(s.batch_announced());
  s.announce(blocks(201, 200 + events), max_pause);
  CHECK(s.reader.only<actors::batch_announced>().waited == 0ms);
}

// The subscriber is writing, which its queue does not show.
TEST_CASE("a batch waits 50 ms for a full socket with an empty queue") {
  fixture s;
  s.fill(0);
  s.announce(blocks(1, limits::subscriber_queue_max_events + 1), max_pause);
  s.advance(limits::subscriber_progress - 1ms);
  CHECK_FALSE(s.batch_announced());
  s.advance(1ms);
  CHECK(s.reader.only<actors::batch_announced>().waited == 50ms);
}

TEST_CASE("the blocks of a waiting batch are not open requests yet") {
  fixture s;
  s.fill(128);
  s.announce({blocked(1)}, max_pause);
  CHECK_FALSE(s.live("c1:1"));
  s.fill(0);
  s.room();
  CHECK(s.live("c1:1"));
}

TEST_CASE("a batch is announced when there is room") {
  fixture s;
  s.fill(128);
  s.announce(blocks(1, 64), max_pause);
  s.advance(7ms);
  s.fill(65);
  s.room();
  CHECK_FALSE(s.batch_announced());
  s.fill(64);
  s.room();
  CHECK(s.reader.only<actors::batch_announced>().waited == 7ms);
  CHECK(request_ids(s.client.heard()) == ids(1, 64));
}

TEST_CASE("a batch is announced when progress stops for 50 ms") {
  fixture s;
  s.fill(128);
  s.announce({blocked(1)}, max_pause);
  s.advance(limits::subscriber_progress - 1ms);
  CHECK_FALSE(s.batch_announced());
  s.advance(1ms);
  CHECK(s.reader.only<actors::batch_announced>().waited == 50ms);
  CHECK(s.counter("batches_not_waited_for") == "0");
}

TEST_CASE("50 ms count from the last whole event") {
  fixture s;
  s.fill(128);
  s.announce({blocked(1)}, max_pause);
  s.advance(30ms);
  s.progress();
  s.advance(limits::subscriber_progress - 1ms);
  CHECK_FALSE(s.batch_announced());
  s.advance(1ms);
  CHECK(s.reader.only<actors::batch_announced>().waited == 80ms);
}

TEST_CASE("a subscriber that made no progress before is not waited for") {
  fixture s;
  s.fill(128);
  s.advance(limits::subscriber_progress);
  s.announce({blocked(1)}, max_pause);
  s.advance(limits::subscriber_second_look);
  CHECK(s.reader.only<actors::batch_announced>().waited
        == limits::subscriber_second_look);
  s.announce({blocked(2)}, max_pause);
  CHECK(s.reader.only<actors::batch_announced>().waited == 0ms);
  s.progress();
  s.announce({blocked(3)}, max_pause);
  CHECK_FALSE(s.batch_announced());
}

// If the kernel does not run the hub for a while, the hub handles its overdue
// tick before the news that its client has read meanwhile.
TEST_CASE("a delay of the hub itself is not blamed on the client") {
  fixture s;
  s.fill(128);
  s.announce({blocked(1)}, max_pause);
  s.stall(limits::subscriber_progress + 100ms);
  CHECK_FALSE(s.batch_announced());
  s.fill(0);
  s.progress();
  s.room();
  CHECK(s.batch_announced());
  CHECK(s.counter("batches_not_waited_for") == "0");
}

TEST_CASE("a batch is announced when its reader's max_pause ends") {
  fixture s;
  s.fill(128);
  s.announce({blocked(1)}, max_pause);
  for (int i = 0; i < 24; ++i) {
    s.advance(10ms);
    s.progress();
  }
  s.advance(9ms);
  CHECK_FALSE(s.batch_announced());
  s.advance(1ms);
  CHECK(s.reader.only<actors::batch_announced>().waited == 250ms);
  CHECK(s.counter("batches_not_waited_for") == "1");
}

TEST_CASE("a reader without max_pause does not wait") {
  fixture s;
  s.fill(128);
  s.announce({blocked(1)}, 0ms);
  CHECK(s.batch_announced());
  CHECK(request_ids(s.client.heard()) == ids(1, 1));
}

TEST_CASE("max_pause that ends before another's deadline ends on time") {
  fixture s;
  s.fill(128);
  s.announce({blocked(1)}, max_pause); // due when progress ends, at 50 ms
  s.announce_other({blocked(2)}, 10ms);
  s.advance(9ms);
  CHECK(s.other_reader.size() == 0);
  s.advance(1ms);
  CHECK(s.other_reader.only<actors::batch_announced>().waited == 10ms);
  CHECK_FALSE(s.batch_announced());
}

TEST_CASE("a batch that fits does not wait behind one that does not") {
  fixture s;
  s.fill(100);
  s.announce(blocks(1, 64), max_pause);
  CHECK_FALSE(s.batch_announced());
  s.announce_other({blocked(1, "c2")});
  CHECK(s.other_reader.only<actors::batch_announced>().waited == 0ms);
  CHECK(request_ids(s.client.heard()) == ids(1, 1, "c2"));
}

TEST_CASE("waiting batches are announced oldest first, if they fit") {
  fixture s;
  s.fill(128);
  s.announce(blocks(1, 64), max_pause);
  s.announce_other(blocks(65, 70));
  s.fill(0);
  s.room();
  CHECK(request_ids(s.client.heard()) == ids(1, 70));
  s.fill(128);
  s.announce(blocks(101, 164), max_pause);
  s.announce_other(blocks(165, 170));
  s.fill(100);
  s.room();
  CHECK(request_ids(s.client.heard()) == ids(165, 170));
}

TEST_CASE("a subscriber that leaves is waited for no longer") {
  fixture s;
  s.fill(128);
  s.announce({blocked(1)}, max_pause);
  s.client.box.leave();
  CHECK(s.batch_announced());
}

TEST_CASE("a stuck subscriber delays nobody, even beside one that reads") {
  fixture s;
  subscriber_client stuck{s};
  stuck.queue->set_waiting(128, 128);
  s.advance(limits::subscriber_progress);
  s.progress();
  s.announce(blocks(1, 64), max_pause);
  s.advance(limits::subscriber_second_look);
  CHECK(s.batch_announced());
}

TEST_CASE("one subscriber of many that makes progress makes a batch wait") {
  fixture s;
  subscriber_client other{s};
  other.queue->set_waiting(128, 128);
  s.announce({blocked(1)}, max_pause);
  CHECK_FALSE(s.batch_announced());
  CHECK_FALSE(s.client.queue->take_room_wanted());
  CHECK(other.queue->take_room_wanted());
}

TEST_CASE("calm means that every queue is at most half full") {
  fixture s;
  s.fill(64);
  s.announce({blocked(1)}, max_pause);
  CHECK(s.reader.only<actors::batch_announced>().calm);
  s.fill(65);
  s.announce({blocked(2)}, max_pause);
  CHECK_FALSE(s.reader.only<actors::batch_announced>().calm);
}

// Else a subscriber that takes a little now and then would have its readers'
// pause budget filled each time.
TEST_CASE("calm counts all queues, also that of a stuck subscriber") {
  fixture s;
  s.fill(128);
  s.advance(limits::subscriber_progress);
  s.announce({blocked(1)}, max_pause);
  s.advance(limits::subscriber_second_look);
  CHECK_FALSE(s.reader.only<actors::batch_announced>().calm);
}

TEST_CASE("verdict_applied waits for nobody") {
  fixture s;
  s.announce({blocked(1)});
  s.client.heard();
  s.fill(128);
  s.announce({blocked(2)}, max_pause);
  s.ask("c1:1");
  s.executor.succeed(0);
  CHECK(request_ids(s.client.heard()) == ids(1, 1));
  CHECK(s.outcome().what == protocol::verdict_outcome::kind::ok);
}

TEST_CASE("no timer runs when no batch waits") {
  fixture s;
  s.announce({blocked(1)}, max_pause);
  s.advance(1s);
  CHECK_FALSE(s.scheduler.has_pending_timeout());
}

} // namespace registry_backpressure_tests
