#include "protocol/hub/backpressure.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace backpressure_tests {

using namespace clearance::protocol;
using namespace std::chrono_literals;

namespace {

constexpr auto full = limits::subscriber_queue_max_events;
constexpr auto full_bytes = limits::subscriber_queue_max_bytes;
const time_point start{1h};

} // namespace

TEST_CASE("a batch that fits into the queue waits for nobody") {
  CHECK_FALSE(holds_up({0, 0, start}, full, full_bytes));
  CHECK_FALSE(holds_up({full - 1, 0, start}, 1, 0));
  CHECK_FALSE(holds_up({full - 64, 0, start}, 64, 0));
  CHECK_FALSE(holds_up({full, 0, start}, 0, 0));
  CHECK_FALSE(holds_up({1, full_bytes - 5, start}, 1, 5));
}

TEST_CASE(
    "a batch that would push an event out waits for a client that reads") {
  CHECK(holds_up({full, 0, start}, 1, 0));
  CHECK(holds_up({full - 63, 0, start}, 64, 0));
  CHECK(holds_up({1, full_bytes - 5, start}, 1, 6));
  CHECK(holds_up({1, full_bytes, start}, 1, 1));
}

TEST_CASE(
    "a batch larger than the queue waits until the queue flows and is empty") {
  CHECK(holds_up({0, 0, start, false, false}, full + 1, 0));
  CHECK(holds_up({0, 0, start, false, false}, 1, full_bytes + 1));
  CHECK(holds_up({1, 0, start, false, true}, full, 0));
  CHECK_FALSE(holds_up({0, 0, start, false, true}, full + 1, 0));
  CHECK_FALSE(holds_up({0, 0, start, false, true}, 1, full_bytes + 1));
}

TEST_CASE("a subscriber is busy if events or bytes wait for it") {
  CHECK(busy({1, 0, start, false, true}));
  CHECK(busy({0, 0, start, false, false}));
  CHECK_FALSE(busy({0, 0, start, false, true}));
}

TEST_CASE(
    "a queue is calm if it is at most half full, in events and in bytes") {
  CHECK(calm({full / 2, full_bytes / 2, start}));
  CHECK_FALSE(calm({full / 2 + 1, 0, start}));
  CHECK_FALSE(calm({1, full_bytes / 2 + 1, start}));
}

TEST_CASE("a client that was found stuck is not waited for") {
  CHECK_FALSE(holds_up({full, 0, start, true}, 1, 0));
}

TEST_CASE("progress moves the moment at which a client stops making any") {
  queue_level level{full, 0, start};
  CHECK(progress_deadline(level) == start + limits::subscriber_progress);
  level.last_progress += 10ms;
  CHECK(progress_deadline(level) == start + 10ms + limits::subscriber_progress);
}

TEST_CASE("a batch is smaller for more subscribers, but never empty") {
  constexpr auto whole = limits::reader_batch_max_events;
  constexpr auto all = limits::fan_out_max_deliveries;
  CHECK(batch_max_events(0) == whole);
  CHECK(batch_max_events(1) == whole);
  CHECK(batch_max_events(all / whole) == whole);
  CHECK(batch_max_events(all / whole + 1) == whole - 1);
  CHECK(batch_max_events(1000) == 65);
  CHECK(batch_max_events(limits::subscribers_max) == 16);
  CHECK(batch_max_events(all) == 1);
  CHECK(batch_max_events(std::numeric_limits<std::size_t>::max()) == 1);
}

TEST_CASE(
    "pause_budget is full at first, is used up by waiting, is never negative") {
  pause_budget x;
  CHECK(x.left() == limits::reader_pause_max);
  x.waited(100ms);
  CHECK(x.left() == limits::reader_pause_max - 100ms);
  x.waited(limits::reader_pause_max);
  CHECK(x.left() == 0ms);
  x.waited(1h);
  CHECK(x.left() == 0ms);
}

TEST_CASE("events give pause_budget back, but never more than all of it") {
  pause_budget x;
  x.waited(1h);
  x.brought(1);
  CHECK(x.left() == limits::reader_pause_earned_per_event);
  x.brought(0);
  CHECK(x.left() == limits::reader_pause_earned_per_event);
  x.brought(64);
  CHECK(x.left() == 65 * limits::reader_pause_earned_per_event);
  x.brought(10000);
  CHECK(x.left() == limits::reader_pause_max);
  x.brought(1);
  CHECK(x.left() == limits::reader_pause_max);
}

TEST_CASE("no number of events overflows the pause budget") {
  pause_budget x;
  x.waited(1h);
  x.brought(std::numeric_limits<std::size_t>::max());
  CHECK(x.left() == limits::reader_pause_max);
}

TEST_CASE("a reader that brings enough events is waited for without end") {
  pause_budget x;
  // 64 events in each 6.4 ms give back exactly what the pauses use.
  for (int i = 0; i < 1000; ++i) {
    x.waited(64 * limits::reader_pause_earned_per_event);
    x.brought(64);
  }
  CHECK(x.left() == limits::reader_pause_max);
}

TEST_CASE(
    "a reader whose subscribers take fewer events uses up its pause budget") {
  pause_budget x;
  for (int i = 0; i < 6; ++i) {
    x.waited(50ms);
    x.brought(64);
  }
  CHECK(x.left() == 64 * limits::reader_pause_earned_per_event);
}

TEST_CASE("a rest makes pause_budget full again") {
  pause_budget x;
  x.waited(1h);
  x.rested();
  CHECK(x.left() == limits::reader_pause_max);
}

} // namespace backpressure_tests
