#include "actors/hub/registry.hpp"

#include "protocol/base/log_limits.hpp"
#include "test/support/fixture/registry_fixture.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace registry_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
using protocol::event_type;
namespace limits = protocol::limits;

TEST_CASE(
    "a reader's events go to every subscriber, and the reader gets an answer") {
  registry_fixture s;
  subscriber_client a{s};
  subscriber_client b{s};
  auto events = blocks(1, 3);
  events.push_back(plain(event_type::shield_up));
  s.announce(events);
  CHECK(a.heard() == wire_of(events));
  CHECK(b.heard() == wire_of(events));
  auto told = s.reader.only<actors::batch_announced>();
  CHECK(told.reader == 1);
  CHECK(told.waited == protocol::duration::zero());
  CHECK(told.calm);
}

TEST_CASE(
    "a reader is told to bring less at a time the more subscribers hear") {
  registry_fixture s;
  s.announce(blocks(1, 1));
  CHECK(s.reader.only<actors::batch_announced>().next_max_events
        == limits::reader_batch_max_events);
  constexpr std::size_t many = 400;
  std::vector<subscriber_client> all;
  all.reserve(many);
  for (std::size_t i = 0; i < many; ++i)
    all.emplace_back(s);
  s.announce(blocks(2, 2));
  CHECK(s.reader.only<actors::batch_announced>().next_max_events
        == protocol::batch_max_events(many));
}

TEST_CASE("all subscribers share one announcement") {
  registry_fixture s;
  subscriber_client a{s};
  subscriber_client b{s};
  s.announce(blocks(1, 3));
  CHECK(a.box.only<actors::announced>().events
        == b.box.only<actors::announced>().events);
}

TEST_CASE("without subscribers blocks become open requests, and the batch is "
          "answered") {
  registry_fixture s;
  s.announce(blocks(1, 2));
  CHECK(s.reader.only<actors::batch_announced>().calm);
  CHECK(s.live("c1:1"));
  CHECK(s.live("c1:2"));
}

TEST_CASE("a client that sees an event can name it in a verdict at once") {
  registry_fixture s;
  subscriber_client a{s};
  std::size_t asked = 0;
  a.box.on_message([&](const caf::message& x) {
    if (!x.match_elements<actors::announced>())
      return;
    ++asked;
    s.caller.tell(s.registry,
                  actors::verdict{"c1", "c1:1", "203.0.113.7", "allow", {}});
  });
  s.announce({blocked(1)});
  CHECK(asked == 1);
  REQUIRE(s.executor.calls().size() == 1);
  CHECK(s.executor.calls()[0].dest == "203.0.113.7");
  a.box.on_message(nullptr);
}

TEST_CASE("a block without request_id is announced and cannot be answered") {
  registry_fixture s;
  subscriber_client a{s};
  protocol::event x;
  x.container = "c1";
  x.dest = "203.0.113.7";
  auto event = actors::make_event(x);
  s.announce({event});
  CHECK(a.heard() == event->wire());
  CHECK_FALSE(s.live(""));
}

TEST_CASE("each kind of event does to open requests what clearance.md says") {
  struct rule {
    event_type type;
    bool drops;
  };
  constexpr rule rules[] = {
      {event_type::container_started, false},
      {event_type::container_exited, true},
      {event_type::shield_up, false},
      {event_type::shield_down, true},
      {event_type::shield_disengaged, true},
      {event_type::verdict_applied, false},
  };
  for (auto [type, drops] : rules) {
    const auto shown = type; // clang 14 captures no binding
    CAPTURE(to_string(shown));
    registry_fixture s;
    s.announce({blocked(1), blocked(2), blocked(1, "c2")});
    s.announce({plain(type)});
    CHECK(s.live("c1:1") == !drops);
    CHECK(s.live("c1:2") == !drops);
    CHECK(s.live("c2:1", "203.0.113.7", "c2"));
  }
}

TEST_CASE("a block after its container's end, in the same batch, stays open") {
  registry_fixture s;
  s.announce({blocked(1), plain(event_type::container_exited), blocked(2)});
  CHECK_FALSE(s.live("c1:1"));
  CHECK(s.live("c1:2"));
}

TEST_CASE("a repeated request_id stands for the newer block") {
  registry_fixture s;
  protocol::event x;
  x.container = "c1";
  x.request_id = "c1:1";
  x.dest = "198.51.100.9";
  s.announce({blocked(1), actors::make_event(x)});
  CHECK_FALSE(s.live("c1:1", "203.0.113.7"));
  CHECK(s.live("c1:1", "198.51.100.9"));
}

TEST_CASE(
    "at the limit a container's oldest goes, and the log names the container") {
  protocol::authorisation_limits bounds;
  bounds.per_container = 3;
  registry_fixture s{bounds};
  constexpr auto text =
      "a container has too many open requests: its oldest was removed";
  s.announce({blocked(1, "c2")});
  s.announce(blocks(1, 3));
  CHECK(s.log.with(text).empty());
  s.announce({blocked(4)});
  auto line = s.log.only(text);
  CHECK(line.level == actors::severity::warning);
  CHECK(line["container"] == "c1");
  CHECK(line["removed"] == "1");
  CHECK_FALSE(s.live("c1:1"));
  CHECK(s.live("c1:2"));
  CHECK(s.live("c1:4"));
  CHECK(s.live("c2:1", "203.0.113.7", "c2"));
}

TEST_CASE("a container with too many open requests does not flood the log") {
  protocol::authorisation_limits bounds;
  bounds.per_container = 1;
  registry_fixture s{bounds};
  constexpr auto text =
      "a container has too many open requests: its oldest was removed";
  s.announce(blocks(1, 50));
  CHECK(s.log.with(text).size() == 1);
  s.announce(blocks(1001, 1010, "c2"));
  s.advance(protocol::log_limits::eviction_reminder - 1ms);
  s.announce({blocked(2000)});
  CHECK(s.log.with(text).size() == 1);
  s.advance(1ms);
  s.announce({blocked(2001)});
  REQUIRE(s.log.with(text).size() == 2);
  // 48 of c1 behind the first line, 9 of c2, and then 2 of c1
  CHECK(s.log.with(text).back()["removed"] == "59");
  s.advance(protocol::log_limits::eviction_reminder);
  CHECK(s.log.with(text).size() == 2);
}

TEST_CASE("a subscriber that left gets no more events and is forgotten") {
  registry_fixture s;
  subscriber_client a{s};
  subscriber_client b{s};
  a.queue->add_dropped(5);
  a.box.leave();
  s.announce({blocked(1)});
  CHECK(a.heard().empty());
  CHECK(b.heard() == blocked(1)->wire());
  CHECK(a.queue.use_count() == 1);
  CHECK(s.io.alive("registry").size() == 1);
}

TEST_CASE("if a subscriber crashes, the registry itself does not end") {
  registry_fixture s; // the hub, which is linked to both, ends all parts
  subscriber_client a{s};
  s.crash(a.box.actor(), caf::sec::runtime_error);
  CHECK(s.io.alive("registry").size() == 1);
}

TEST_CASE("when its hub ends, the registry ends") {
  registry_fixture s;
  s.hub.leave();
  CHECK(s.io.alive("registry").empty());
}

TEST_CASE("if the registry crashes, its hub ends") {
  registry_fixture s;
  auto before = s.io.alive("inbox").size();
  s.crash(s.registry, caf::sec::runtime_error);
  CHECK(s.io.alive("inbox").size() == before - 1);
}

TEST_CASE("the report counts everything") {
  protocol::authorisation_limits bounds;
  bounds.per_container = 4;
  registry_fixture s{bounds};
  subscriber_client a{s};
  {
    subscriber_client gone{s};
    gone.queue->add_dropped(3);
    gone.box.leave();
  }
  a.queue->add_dropped(2);
  s.announce(blocks(1, 5)); // one is evicted
  s.announce({blocked(1, "c2"), plain(event_type::shield_up)});
  s.ask("c1:2");
  s.ask("c1:3");
  s.ask("c1:4");
  s.ask("c1:99");
  s.executor.succeed(0);
  s.executor.answer(1, {false, "no"});
  s.log.clear();
  s.hub.tell(s.registry, actors::report_atom::value);
  s.run();
  auto line = s.log.only("counters");
  CHECK(line.level == actors::severity::notice);
  CHECK(line.component == "registry");
  CHECK(line["events"] == "7");
  CHECK(line["subscribers"] == "1");
  CHECK(line["events_lost"] == "5");
  CHECK(line["open_requests"] == "3"); // c1:3, c1:5, c2:1
  CHECK(line["open_requests_in_flight"] == "1");
  CHECK(line["open_requests_evicted"] == "1");
  CHECK(std::stoul(line["open_request_bytes"]) > 0);
  CHECK(line["containers"] == "2");
  CHECK(line["verdicts_applied"] == "1");
  CHECK(line["verdicts_failed"] == "1");
  CHECK(line["verdicts_refused"] == "1");
  CHECK(line["batches_held_back"] == "0");
  CHECK(line["batches_not_waited_for"] == "0");
}

} // namespace registry_tests
