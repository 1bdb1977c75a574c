// Undelivered events go to the next client that subscribes. Tests registry and
// subscribers together. Source: clearance.md, section 4.

#include "actors/hub/subscriber.hpp"
#include "test/support/fixture/registry_fixture.hpp"

#include <doctest/doctest.h>

#include <memory>

namespace registry_replay_tests {

using namespace clearance;
using namespace clearance::test;
using protocol::event_type;
namespace limits = protocol::limits;

namespace {

struct fixture : registry_fixture {
  /// A client whose socket takes `room` bytes at first.
  fake_connection_ptr
  subscribe(std::size_t room = static_cast<std::size_t>(-1)) {
    auto result = std::make_shared<fake_connection>();
    result->take(room);
    actors::spawn_subscriber(
        io, actors::subscriber_config{registry, result, hub.actor().address()});
    run();
    return result;
  }

  void go_on(const fake_connection_ptr& x) {
    x->take_all();
    x->become_writable();
    run();
  }

  void leave(const fake_connection_ptr& x) {
    x->hang_up();
    run();
  }
};

std::vector<std::string> heard(const fake_connection_ptr& x) {
  return request_ids(x->taken());
}

} // namespace

TEST_CASE("undelivered events come first, oldest first, then new events") {
  fixture s;
  s.announce(blocks(1, 3));
  s.announce(blocks(4, 5, "c2"));
  auto client = s.subscribe();
  s.announce({blocked(6)});
  CHECK(client->taken()
        == wire_of(blocks(1, 3)) + wire_of(blocks(4, 5, "c2"))
               + wire_of(blocks(6, 6)));
}

TEST_CASE("more than a batch of undelivered events comes whole and in order") {
  for (std::size_t count : {63U, 64U, 65U, 128U, 129U, 1000U}) {
    CAPTURE(count);
    fixture s;
    for (std::size_t n = 1; n <= count; ++n)
      s.announce({blocked(n)});
    auto client = s.subscribe();
    s.announce({blocked(count + 1)});
    CHECK(heard(client) == ids(1, count + 1));
  }
}

TEST_CASE("new events stay behind the old ones while a client is slow") {
  fixture s;
  for (std::size_t n = 1; n <= 200; ++n)
    s.announce({blocked(n)});
  auto client = s.subscribe(100);
  for (std::size_t n = 201; n <= 260; ++n)
    s.announce({blocked(n)});
  while (client->awaited()) {
    client->become_writable(1000);
    s.run();
  }
  CHECK(heard(client) == ids(1, 260));
}

TEST_CASE("an event that one client got is not replayed to the next") {
  fixture s;
  s.announce(blocks(1, 3));
  auto first = s.subscribe();
  CHECK(heard(first) == ids(1, 3));
  auto second = s.subscribe();
  CHECK(heard(second).empty());
  s.announce({blocked(4)});
  CHECK(heard(second) == ids(4, 4));
}

TEST_CASE("an event that a client got when it was announced is not replayed") {
  fixture s;
  auto first = s.subscribe();
  s.announce(blocks(1, 3));
  s.leave(first);
  s.announce(blocks(4, 5)); // without a subscriber
  CHECK(heard(s.subscribe()) == ids(4, 5));
}

TEST_CASE("an event that was partly written goes whole to the next client") {
  fixture s;
  auto bytes = blocked(1)->wire().size();
  for (std::size_t cut = 0; cut < bytes; ++cut) {
    auto first = s.subscribe(2 * bytes + cut);
    first->break_when_full();
    s.announce({blocked(1), blocked(2), blocked(3)});
    first->become_writable();
    s.run();
    CHECK_FALSE(first->open());
    auto second = s.subscribe();
    CHECK(second->taken() == blocked(3)->wire());
    s.leave(second);
  }
}

TEST_CASE("events in the queue of a broken client go to the next client") {
  fixture s;
  auto bytes = blocked(1)->wire().size();
  auto first = s.subscribe(2 * bytes + bytes / 2);
  first->break_when_full();
  s.announce(blocks(1, 5));
  s.announce(blocks(6, 9));
  first->become_writable();
  s.run();
  CHECK_FALSE(first->open());
  auto second = s.subscribe();
  CHECK(heard(second) == ids(3, 9));
}

TEST_CASE("events that a stalled client lost go to the next client") {
  fixture s;
  auto stalled = s.subscribe(0);
  for (std::size_t n = 1; n <= 400; ++n)
    s.announce({blocked(n)});
  auto next = s.subscribe();
  CHECK(heard(next) == ids(1, 400));
  s.go_on(stalled);
  // The first event was partly written; then come the newest 128.
  CHECK(heard(stalled).size() == 129);
  CHECK(heard(stalled).back() == "c1:400");
}

TEST_CASE("two clients that come together both get the undelivered events") {
  fixture s;
  s.announce(blocks(1, 200));
  auto a = s.subscribe(10);
  auto b = s.subscribe(10);
  s.announce({blocked(201)});
  s.go_on(a);
  CHECK(heard(a) == ids(1, 201));
  s.go_on(b); // its first page was sent before a accepted anything
  auto got = heard(b);
  CHECK(std::vector<std::string>(got.begin(), got.begin() + 192)
        == ids(1, 192));
  CHECK(got.back() == "c1:201");
  CHECK(got.size() == 193);
}

TEST_CASE("blocks whose container is gone are not replayed") {
  for (auto type : {event_type::shield_down, event_type::shield_disengaged,
                    event_type::container_exited}) {
    fixture s;
    s.announce(blocks(1, 3));
    s.announce({blocked(1, "c2"), plain(type), blocked(4)});
    CHECK(heard(s.subscribe()) == std::vector<std::string>{"c2:1", "c1:4"});
  }
}

TEST_CASE("a block that was answered or is in flight is not replayed") {
  fixture s;
  s.announce(blocks(1, 3));
  s.ask("c1:1");
  s.executor.succeed(0);
  s.ask("c1:2");
  auto first = s.subscribe();
  CHECK(heard(first) == ids(3, 3));
  s.executor.answer(1, {false, "no"}); // the request is live again
  s.leave(first);
  auto second = s.subscribe();
  CHECK(heard(second) == ids(2, 2));
}

TEST_CASE("a block that replaced another is replayed at its own place") {
  fixture s;
  s.announce(blocks(1, 3));
  s.announce({blocked(1)});
  CHECK(heard(s.subscribe())
        == std::vector<std::string>{"c1:2", "c1:3", "c1:1"});
}

TEST_CASE("a client can answer a block that was replayed to it") {
  fixture s;
  s.announce({blocked(1)});
  auto client = s.subscribe();
  CHECK(heard(client) == ids(1, 1));
  s.ask("c1:1");
  CHECK(s.executor.calls().size() == 1);
}

TEST_CASE("other events are not replayed") {
  fixture s;
  s.announce({plain(event_type::container_started), blocked(1),
              plain(event_type::shield_up)});
  CHECK(heard(s.subscribe()) == ids(1, 1));
}

TEST_CASE("a stalled and a fast subscriber side by side") {
  fixture s;
  auto fast = s.subscribe();
  auto stalled = s.subscribe(0);
  for (std::size_t n = 1; n <= 1000; ++n)
    s.announce({blocked(n)});
  CHECK(heard(fast) == ids(1, 1000));
  CHECK(stalled->taken().empty());
  CHECK(stalled->writes() == 1);
  s.go_on(stalled);
  auto expected = ids(1, 1); // was being written
  for (auto& x : ids(1000 - 127, 1000))
    expected.push_back(x);
  CHECK(heard(stalled) == expected);
  s.announce({blocked(1001)});
  CHECK(heard(fast).back() == "c1:1001");
  CHECK(heard(stalled).back() == "c1:1001");
}

TEST_CASE("no memory is held for events that a client got") {
  fixture s;
  auto client = s.subscribe();
  auto event = plain(event_type::shield_up);
  s.announce({event});
  s.journal.entries.clear();
  CHECK(event.use_count() == 1);
}

} // namespace registry_replay_tests
