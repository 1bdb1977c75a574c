#include "actors/hub/event_batch.hpp"

#include "protocol/base/limits.hpp"
#include "test/support/wire/events.hpp"

#include <doctest/doctest.h>

namespace event_batch_tests {

using namespace clearance;
using namespace clearance::test;
namespace limits = protocol::limits;

TEST_CASE("a batch is one piece of memory with its events in order") {
  auto events = blocks(1, 12);
  auto x = batch_of(events);
  CHECK(x->size() == 12);
  CHECK(x->bytes() == wire_of(events).size());
  for (std::size_t from = 0; from <= 12; ++from) {
    for (auto to = from; to <= 12; ++to) {
      event_list part{events.begin() + static_cast<std::ptrdiff_t>(from),
                      events.begin() + static_cast<std::ptrdiff_t>(to)};
      CHECK(x->wire(from, to) == wire_of(part));
      CHECK(x->bytes(from, to) == wire_of(part).size());
    }
  }
}

TEST_CASE("a single event is not copied") {
  auto event = blocked(1);
  auto x = batch_of({event});
  CHECK(x->wire(0, 1).data() == event->wire().data());
  CHECK(x->wire(0, 1) == event->wire());
}

TEST_CASE("an event is complete with its last byte") {
  auto events = blocks(9, 11); // of different lengths
  auto x = batch_of(events);
  auto first = x->bytes(0, 1);
  auto second = x->bytes(1, 2);
  CHECK(x->whole(0, 3, 0) == 0);
  CHECK(x->whole(0, 3, first - 1) == 0);
  CHECK(x->whole(0, 3, first) == 1);
  CHECK(x->whole(0, 3, first + second - 1) == 1);
  CHECK(x->whole(0, 3, first + second) == 2);
  CHECK(x->whole(0, 3, x->bytes()) == 3);
  CHECK(x->whole(1, 3, second) == 1);
  CHECK(x->whole(1, 3, second - 1) == 0);
  // bytes behind them belong to other events
  CHECK(x->whole(0, 2, x->bytes()) == 2);
}

namespace {

std::string handed(const actors::event_batch& x) {
  std::string result;
  for (std::size_t i = 0; i < x.size(); ++i)
    result += x.at(i)->handed() ? '1' : '0';
  return result;
}

} // namespace

TEST_CASE("exactly the events that were handed count as handed") {
  auto x = batch_of(blocks(1, 6));
  x->hand(2, 3); // by a client that lost the first two
  CHECK(handed(*x) == "001000");
  x->hand(0, 2);
  CHECK(handed(*x) == "111000");
  x->hand(1, 4);
  CHECK(handed(*x) == "111100");
  x->hand(5, 6);
  CHECK(handed(*x) == "111101");
  x->hand(0, 5);
  CHECK(handed(*x) == "111111");
}

TEST_CASE("a batch ends with the event that brings it to its size limit") {
  constexpr auto bound = limits::event_batch_max_bytes;
  event_list events{sized(1, bound / 2), sized(2, bound / 2), sized(3, bound),
                    sized(4, 4 * bound), sized(5, bound - 1), sized(6, 300)};
  std::size_t next = 0;
  std::vector<std::size_t> sizes;
  event_list all;
  while (next < events.size()) {
    auto x = actors::next_batch(events, next);
    sizes.push_back(x->size());
    for (auto& event : list_of(*x))
      all.push_back(event);
  }
  CHECK(sizes == std::vector<std::size_t>{2, 1, 1, 2});
  CHECK(all == events);
}

// A reader's lines are announced together, and some of them may be no event.
TEST_CASE("a batch that is made an event at a time is the same") {
  for (std::size_t expected : {1U, 3U, 192U}) {
    for (std::size_t count : {1U, 2U, 3U, 10U}) {
      CAPTURE(expected);
      CAPTURE(count);
      std::vector<actors::event_ptr> all;
      actors::event_batch made;
      made.reserve(expected);
      for (std::size_t i = 0; i < count; ++i) {
        protocol::event x;
        x.container = std::string(i * 100, 'c');
        all.push_back(actors::make_event(x));
        made.add(all.back());
      }
      made.fit();
      const actors::event_batch same{all};
      REQUIRE(made.size() == count);
      CHECK(made.bytes() == same.bytes());
      CHECK(made.wire(0, count) == same.wire(0, count));
      for (std::size_t i = 0; i < count; ++i) {
        CHECK(made.at(i) == all[i]);
        CHECK(made.wire(i, i + 1) == all[i]->wire());
      }
    }
  }
}

} // namespace event_batch_tests
