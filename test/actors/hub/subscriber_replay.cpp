// A subscriber begins with the undelivered events.

#include "actors/hub/subscriber.hpp"
#include "test/support/fixture/actor_fixture.hpp"
#include "test/support/wire/events.hpp"

#include <doctest/doctest.h>

#include <memory>

namespace subscriber_replay_tests {

using namespace clearance;
using namespace clearance::test;
namespace limits = protocol::limits;

namespace {

/// A subscriber that has sent `subscribe` and has no answer yet.
struct fixture : actor_fixture {
  inbox registry{*this};
  inbox hub{*this};
  fake_connection_ptr connection = std::make_shared<fake_connection>();
  actors::subscriber_actor subscriber = actors::spawn_subscriber(
      io, actors::subscriber_config{registry.as<actors::registry_actor>(),
                                    connection, hub.actor().address()});

  fixture() { run(); }

  void announce(event_list events) {
    registry.tell(subscriber, announcing(std::move(events)));
    run();
  }

  void replay(event_list events, std::uint64_t cursor, bool done) {
    registry.tell(subscriber,
                  actors::replay_page{std::move(events), cursor, 1000, done});
    run();
  }

  void go_on() {
    connection->take_all();
    connection->become_writable();
    run();
  }

  /// Whether it asked for the page after `cursor`.
  bool asks(std::uint64_t cursor) {
    auto all = registry.take<actors::replay>();
    return all.size() == 1 && all[0].cursor == cursor && all[0].until == 1000;
  }
};

} // namespace

TEST_CASE("a subscriber subscribes first, under its own name") {
  fixture s;
  auto x = s.registry.only<actors::subscribe>();
  CHECK(x.from == s.subscriber);
  CHECK(x.queue != nullptr);
  CHECK(s.registry.size() == 0);
}

TEST_CASE("nothing is written before the first page has come") {
  fixture s;
  s.announce(blocks(1, 200));
  CHECK(s.connection->writes() == 0);
  s.replay({}, 0, true);
  CHECK(request_ids(s.connection->taken()) == ids(73, 200));
}

TEST_CASE("undelivered events come before new ones") {
  fixture s;
  s.announce(blocks(4, 6));
  s.replay(blocks(1, 3), 3, true);
  CHECK(request_ids(s.connection->taken()) == ids(1, 6));
  s.announce(blocks(7, 9));
  CHECK(request_ids(s.connection->taken()) == ids(1, 9));
  CHECK_FALSE(s.asks(3)); // it knows that no page is left
}

TEST_CASE("undelivered events come one page after another") {
  fixture s;
  s.replay(blocks(1, 64), 64, false);
  CHECK(s.asks(64));
  s.announce(blocks(131, 133));
  s.replay(blocks(65, 128), 128, false);
  CHECK(s.asks(128));
  CHECK(request_ids(s.connection->taken()) == ids(1, 128));
  s.replay(blocks(129, 130), 130, true);
  CHECK(request_ids(s.connection->taken()) == ids(1, 133));
}

TEST_CASE("an empty last page ends the replay") {
  fixture s;
  s.replay(blocks(1, 64), 64, false);
  s.announce(blocks(65, 66));
  s.replay({}, 64, true);
  CHECK(request_ids(s.connection->taken()) == ids(1, 66));
}

TEST_CASE(
    "the next blocks are replay_page when the socket took the last ones") {
  fixture s;
  s.connection->take(10);
  s.replay(blocks(1, 64), 64, false);
  CHECK(s.registry.take<actors::replay>().empty());
  s.connection->become_writable(blocked(1)->wire().size());
  s.run();
  CHECK(s.registry.take<actors::replay>().empty());
  s.go_on();
  CHECK(s.asks(64));
}

TEST_CASE(
    "a client that stalls in the replay delays neither registry nor queue") {
  fixture s;
  auto old = blocks(1, 64);
  s.connection->take(10);
  s.replay(old, 64, false);
  for (std::size_t n = 65; n < 1000; n += 50)
    s.announce(blocks(n, n + 49));
  CHECK(s.log.with("a client is too slow and loses its oldest events").size()
        == 1);
  s.go_on();
  CHECK(request_ids(s.connection->taken()) == ids(1, 64));
  s.replay({}, 64, true);
  auto all = ids(1, 64);
  for (auto& x : ids(1014 - 127, 1014))
    all.push_back(x);
  CHECK(request_ids(s.connection->taken()) == all);
}

TEST_CASE("if the connection breaks during a replay, only whole events count") {
  fixture s;
  auto events = blocks(1, 5);
  s.connection->take(wire_of({events[0], events[1]}).size() + 1);
  s.connection->break_when_full();
  s.replay(events, 5, true);
  s.connection->become_writable();
  s.run();
  CHECK(s.io.alive("subscriber").empty());
  for (std::size_t i = 0; i < events.size(); ++i)
    CHECK(events[i]->handed() == (i < 2));
}

TEST_CASE("nothing is left of a client that leaves before the first page") {
  fixture s;
  s.connection->hang_up();
  s.run();
  CHECK(s.io.alive("subscriber").empty());
  s.replay(blocks(1, 3), 3, true);
  CHECK(s.connection->taken().empty());
}

} // namespace subscriber_replay_tests
