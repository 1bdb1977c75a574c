// Counts how often an event makes us allocate memory, from the reader's line to
// every subscriber's socket. Unlike a time, the count does not depend on the
// load of the machine.

#include "actors/hub/hub.hpp"
#include "protocol/base/limits.hpp"
#include "test/support/allocation_count.hpp"
#include "test/support/doubles/fake_executor.hpp"
#include "test/support/fixture/actor_fixture.hpp"
#include "test/support/wire/events.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace hub_allocations_tests {

using namespace clearance;
using namespace clearance::test;
namespace limits = protocol::limits;

namespace {

struct fixture : actor_fixture {
  fake_executor executor{*this};
  fake_connection_ptr reader;
  std::vector<fake_connection_ptr> clients;
  std::size_t last = 1'000'000; // ids of one length

  explicit fixture(std::size_t subscribers) {
    actors::hub_config config;
    config.io = &io;
    config.clearance_socket = "clients";
    config.reader_socket = "readers";
    config.executor = executor.handle();
    actors::spawn_hub(io, std::move(config));
    run();
    reader = io.connect("readers");
    while (clients.size() < subscribers) {
      clients.push_back(io.connect("clients"));
      run();
      clients.back()->bring(
          {R"({"method":"org.terok.Clearance1.Subscribe","more":true})"});
    }
    run();
    // Until the store of open requests is full: then no index grows any more.
    for (std::size_t n = 0; n < 2 * limits::open_requests_per_container_max;
         n += 64)
      events_in_reads_of(64, 64);
  }

  /// Our allocations while `total` events come, `a_read` at a time.
  std::size_t events_in_reads_of(std::size_t a_read, std::size_t total) {
    std::size_t result = 0;
    for (std::size_t n = 0; n < total; n += a_read) {
      auto what = lines(last + 1, last + a_read);
      last += a_read;
      reader->bring(what);
      auto before = allocation_count();
      run();
      result += allocation_count() - before;
    }
    return result;
  }
};

} // namespace

// The event, its buffer and its open request, whatever the number of
// subscribers.
TEST_CASE("in a burst an event costs a small fixed number of allocations") {
  constexpr std::size_t batch = 64;
  constexpr std::size_t batches = 20;
  auto base = fixture{0}.events_in_reads_of(batch, batches * batch);
  CHECK(base > 0);
  CHECK(base <= 6 * batches * batch);
  constexpr std::size_t subscribers = 50;
  auto all = fixture{subscribers}.events_in_reads_of(batch, batches * batch);
  // for each batch, not for each event
  CHECK(all <= base + 2 * batches * subscribers);
}

TEST_CASE("a subscriber adds one allocation to an event that comes alone") {
  constexpr std::size_t events = 100;
  auto base = fixture{0}.events_in_reads_of(1, events);
  CHECK(base <= 10 * events);
  constexpr std::size_t subscribers = 50;
  auto all = fixture{subscribers}.events_in_reads_of(1, events);
  CHECK(all <= base + (subscribers + 5) * events); // the message that wakes it
}

} // namespace hub_allocations_tests
