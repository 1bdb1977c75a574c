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

TEST_CASE("a batch that fits the queue is held up by nobody") {
  CHECK_FALSE(holds_up({0, 0, start}, full, full_bytes));
  CHECK_FALSE(holds_up({full - 1, 0, start}, 1, 0));
  CHECK_FALSE(holds_up({full - 64, 0, start}, 64, 0));
  CHECK_FALSE(holds_up({full, 0, start}, 0, 0));
  CHECK_FALSE(holds_up({1, full_bytes - 5, start}, 1, 5));
}

TEST_CASE("a batch that would push an event out waits for a reading client") {
  CHECK(holds_up({full, 0, start}, 1, 0));
  CHECK(holds_up({full - 63, 0, start}, 64, 0));
  CHECK(holds_up({1, full_bytes - 5, start}, 1, 6));
  CHECK(holds_up({1, full_bytes, start}, 1, 1));
}

TEST_CASE("what no queue can hold waits for one that flows and is empty") {
  CHECK(holds_up({0, 0, start, false, false}, full + 1, 0));
  CHECK(holds_up({0, 0, start, false, false}, 1, full_bytes + 1));
  CHECK(holds_up({1, 0, start, false, true}, full, 0));
  CHECK_FALSE(holds_up({0, 0, start, false, true}, full + 1, 0));
  CHECK_FALSE(holds_up({0, 0, start, false, true}, 1, full_bytes + 1));
}

TEST_CASE("busy is whoever has something to take, in its queue or before it") {
  CHECK(busy({1, 0, start, false, true}));
  CHECK(busy({0, 0, start, false, false}));
  CHECK_FALSE(busy({0, 0, start, false, true}));
}

TEST_CASE("calm is a queue that is half full by events and by bytes") {
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

TEST_CASE("a batch shrinks with those who get it, and is never empty") {
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
    "pause_budget is whole at first, spent by waiting and never negative") {
  pause_budget x;
  CHECK(x.left() == limits::reader_pause_max);
  x.waited(100ms);
  CHECK(x.left() == limits::reader_pause_max - 100ms);
  x.waited(limits::reader_pause_max);
  CHECK(x.left() == 0ms);
  x.waited(1h);
  CHECK(x.left() == 0ms);
}

TEST_CASE("events earn pause_budget back, up to the whole and no further") {
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

TEST_CASE("no number of events overflows the patience") {
  pause_budget x;
  x.waited(1h);
  x.brought(std::numeric_limits<std::size_t>::max());
  CHECK(x.left() == limits::reader_pause_max);
}

TEST_CASE("a reader that keeps bringing enough is waited for as long") {
  pause_budget x;
  // 64 events in each 6.4 ms: exactly what is earned.
  for (int i = 0; i < 1000; ++i) {
    x.waited(64 * limits::reader_pause_earned_per_event);
    x.brought(64);
  }
  CHECK(x.left() == limits::reader_pause_max);
}

TEST_CASE("a reader whose clients take less runs out of patience") {
  pause_budget x;
  for (int i = 0; i < 6; ++i) {
    x.waited(50ms);
    x.brought(64);
  }
  CHECK(x.left() == 64 * limits::reader_pause_earned_per_event);
}

TEST_CASE("rest makes pause_budget whole again") {
  pause_budget x;
  x.waited(1h);
  x.rested();
  CHECK(x.left() == limits::reader_pause_max);
}

} // namespace backpressure_tests
