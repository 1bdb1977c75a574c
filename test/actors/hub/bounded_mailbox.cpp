#include "actors/hub/bounded_mailbox.hpp"

#include "actors/base/hosted.hpp"
#include "test/support/fixture/actor_fixture.hpp"
#include "test/support/wire/events.hpp"

#include <caf/scoped_actor.hpp>
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <stdexcept>

namespace bounded_mailbox_tests {

using namespace clearance;
using namespace clearance::test;
using actors::event_queue;
namespace limits = protocol::limits;

namespace {

using slices = std::vector<actors::event_slice>;

slices taken(event_queue& x, std::size_t max) {
  slices result;
  x.take(result, max);
  return result;
}

event_list list_of(const slices& xs) {
  event_list result;
  for (auto& x : xs)
    for (auto i = x.from; i < x.to; ++i)
      result.push_back(x.batch->at(i));
  return result;
}

event_list drain(event_queue& x) {
  return list_of(taken(x, static_cast<std::size_t>(-1)));
}

} // namespace

TEST_CASE("a queue holds 128 events and loses none") {
  event_queue x;
  auto events = blocks(1, 128);
  x.offer(batch_of(events));
  CHECK(x.queue()->level().waiting == 128);
  CHECK(x.queue()->level().bytes == wire_of(events).size());
  CHECK(x.queue()->dropped() == 0);
  CHECK_FALSE(x.woke());
  CHECK(drain(x) == events);
}

TEST_CASE("the 129th event drops the oldest") {
  event_queue x;
  auto events = blocks(1, 129);
  x.offer(batch_of(events));
  CHECK(x.queue()->level().waiting == 128);
  CHECK(x.queue()->dropped() == 1);
  CHECK(drain(x) == event_list{events.begin() + 1, events.end()});
}

TEST_CASE("a queue holds events of 1 MiB") {
  event_queue x;
  constexpr auto quarter = limits::subscriber_queue_max_bytes / 4;
  event_list events;
  for (std::size_t n = 1; n <= 4; ++n)
    events.push_back(sized(n, quarter));
  x.offer(batch_of(events));
  CHECK(x.queue()->dropped() == 0);
  CHECK(drain(x) == events);
}

TEST_CASE("one byte more than 1 MiB drops the oldest") {
  event_queue x;
  constexpr auto quarter = limits::subscriber_queue_max_bytes / 4;
  event_list events;
  for (std::size_t n = 1; n <= 3; ++n)
    events.push_back(sized(n, quarter));
  events.push_back(sized(4, quarter + 1));
  x.offer(batch_of(events));
  CHECK(x.queue()->dropped() == 1);
  CHECK(drain(x) == event_list{events.begin() + 1, events.end()});
}

// Events that go to the socket at once do not count as waiting.
TEST_CASE("a flowing queue has room for one batch more, until it is paused") {
  constexpr auto more = limits::subscriber_batch_max_events;
  event_queue x;
  x.flow();
  CHECK(x.queue()->level().flowing);
  const auto events = blocks(1, more + 129);
  const auto last = events.end() - 1;
  x.offer(batch_of({events.begin(), last - 128}));
  x.offer(batch_of({last - 128, last}));
  CHECK(x.queue()->dropped() == 0);
  x.offer(batch_of({*last}));
  CHECK(x.queue()->dropped() == 1);
  CHECK(x.woke());
  CHECK_FALSE(x.pause()); // a loss that was reported belongs to the same burst
  CHECK_FALSE(x.queue()->level().flowing);
  CHECK(x.queue()->level().waiting == 128);
  CHECK(x.queue()->dropped() == 1 + more);
  CHECK(drain(x) == event_list{events.end() - 128, events.end()});
}

TEST_CASE("pausing reports the first loss of a burst") {
  event_queue x;
  x.flow();
  x.offer(batch_of(blocks(1, 129)));
  CHECK_FALSE(x.woke());
  CHECK(x.pause());
  CHECK_FALSE(x.woke());
  CHECK(x.queue()->dropped() == 1);
}

TEST_CASE("a queue is paused at the start") {
  event_queue x;
  CHECK_FALSE(x.queue()->level().flowing);
  CHECK_FALSE(x.offer(batch_of({blocked(1)})));
}

TEST_CASE("only the first offer wakes the actor, until it has woken") {
  event_queue x;
  x.flow();
  CHECK(x.offer(batch_of({blocked(1)})));
  CHECK_FALSE(x.offer(batch_of({blocked(2)})));
  CHECK_FALSE(x.woke());
  CHECK(x.offer(batch_of({blocked(3)})));
}

TEST_CASE("a paused queue does not wake its actor") {
  event_queue x;
  x.flow();
  x.pause();
  CHECK_FALSE(x.offer(batch_of(blocks(1, 128))));
  x.flow();
  CHECK(x.offer(batch_of({})));
}

TEST_CASE("a paused queue wakes its actor once for the first loss of a burst") {
  event_queue x;
  CHECK(x.offer(batch_of(blocks(1, 129))));
  CHECK_FALSE(x.offer(batch_of({blocked(130)}))); // the wake-up is on its way
  CHECK(x.woke());
  CHECK_FALSE(x.woke());
  // this burst was reported already
  CHECK_FALSE(x.offer(batch_of(blocks(131, 400))));
}

TEST_CASE("a burst of losses ends only when the queue is emptied") {
  event_queue x;
  x.offer(batch_of(blocks(1, 129)));
  CHECK(x.woke());
  taken(x, 127);
  x.offer(batch_of(blocks(130, 300)));
  CHECK_FALSE(x.woke());
  drain(x);
  x.offer(batch_of(blocks(301, 429)));
  CHECK(x.woke());
}

TEST_CASE("taking appends the oldest events") {
  event_queue x;
  auto events = blocks(1, 5);
  x.offer(batch_of({events.begin() + 1, events.end()}));
  slices out{{batch_of({events.front()}), 0, 1}};
  x.take(out, 2);
  CHECK(list_of(out) == event_list{events.begin(), events.begin() + 3});
  CHECK(x.queue()->level().waiting == 2);
  CHECK(x.queue()->level().bytes == wire_of({events[3], events[4]}).size());
  CHECK_FALSE(x.empty());
}

TEST_CASE("a closed queue is empty and takes nothing") {
  event_queue x;
  std::weak_ptr<const actors::announced_event> held;
  {
    auto event = blocked(1);
    held = event;
    x.offer(batch_of({event}));
  }
  CHECK_FALSE(held.expired());
  x.close();
  CHECK(held.expired());
  CHECK_FALSE(x.offer(batch_of(blocks(1, 3))));
  CHECK(x.empty());
  CHECK(x.queue()->level().waiting == 0);
  CHECK(x.queue()->level().bytes == 0);
}

// -- in front of an actor -----------------------------------------------------

namespace {

struct tally {
  std::size_t wakes = 0;
  std::size_t requests = 0;
  std::size_t throw_at = 0;
  std::size_t replay_page = 0;
  std::size_t losses = 0;
};

/// Has a bounded mailbox and counts its events.
class sleeper {
public:
  static inline const char* name = "sleeper";
  using interface = caf::typed_actor<caf::reacts_to<actors::announced>,
                                     caf::reacts_to<actors::replay_page>>;
  using self_type = actors::bounded_mailbox<actors::hosted<interface::base>>;
  using actor_type = actors::hosted_actor<sleeper, self_type>;

  sleeper(self_type* self, std::shared_ptr<tally> seen)
      : self_(self), seen_(std::move(seen)) {
    // nop
  }

  interface::behavior_type make_behavior() {
    self_->on_events([this] {
      ++seen_->wakes;
      seen_->losses += self_->queue().woke() ? 1 : 0;
      if (seen_->wakes == seen_->throw_at)
        throw std::runtime_error{"a fault"};
    });
    return {
        [this](const actors::announced&) { ++seen_->requests; },
        [this](const actors::replay_page&) { ++seen_->replay_page; },
    };
  }

private:
  self_type* self_;
  std::shared_ptr<tally> seen_;
};

event_queue& queue_of(const sleeper::interface& x) {
  return static_cast<sleeper::actor_type*>(
             caf::actor_cast<caf::abstract_actor*>(x))
      ->queue();
}

} // namespace

TEST_CASE("a million events to a blocked subscriber leave the newest 128") {
  actor_fixture f;
  auto seen = std::make_shared<tally>();
  auto actor = actors::spawn_hosted<sleeper>(f.io, seen);
  auto& queue = queue_of(actor);
  queue.pause();
  constexpr std::size_t batch = 64;
  constexpr std::size_t total = 1'000'000;
  static_assert(total % batch == 0);
  event_list newest;
  for (std::size_t n = 1; n <= total; n += batch) {
    auto events = blocks(n, n + batch - 1);
    if (n + 2 * batch > total)
      newest.insert(newest.end(), events.begin(), events.end());
    caf::anon_send(actor, announcing(std::move(events)));
    if (n % 6400 == 1)
      f.run();
  }
  f.run();
  CHECK(newest.size() == limits::subscriber_queue_max_events);
  CHECK(drain(queue) == newest);
  CHECK(queue.queue()->dropped() == total - newest.size());
  CHECK(seen->wakes == 1); // woken for the first loss and never again
  CHECK(seen->losses == 1);
}

TEST_CASE("announcements before the actor runs wake it once") {
  actor_fixture f;
  auto seen = std::make_shared<tally>();
  auto actor = actors::spawn_hosted<sleeper>(f.io, seen);
  queue_of(actor).flow();
  for (std::size_t n = 1; n <= 100; ++n)
    caf::anon_send(actor, announcing({blocked(n)}));
  f.run();
  CHECK(seen->wakes == 1);
  CHECK(queue_of(actor).queue()->level().waiting == 100);
}

TEST_CASE("other messages pass a full bounded mailbox unchanged") {
  actor_fixture f;
  auto seen = std::make_shared<tally>();
  auto actor = actors::spawn_hosted<sleeper>(f.io, seen);
  caf::anon_send(actor, announcing(blocks(1, 500)));
  for (int i = 0; i < 3; ++i)
    caf::anon_send(actor, actors::replay_page{});
  f.run();
  CHECK(seen->replay_page == 3);
  CHECK(f.io.alive("sleeper").size() == 1);
  f.crash(actor, caf::exit_reason::user_shutdown);
  CHECK(f.io.alive("sleeper").empty());
}

TEST_CASE("a request that carries events is answered") {
  actor_fixture f;
  auto seen = std::make_shared<tally>();
  auto actor = actors::spawn_hosted<sleeper>(f.io, seen);
  queue_of(actor).pause();
  caf::scoped_actor asker{f.system};
  auto answer = asker->request(actor, caf::infinite, announcing({blocked(1)}));
  f.run();
  bool answered = false;
  answer.receive([&] { answered = true; }, [](const caf::error&) {});
  CHECK(answered);
  CHECK(seen->requests == 1);
  CHECK(seen->wakes == 0);
  CHECK(queue_of(actor).empty());
}

TEST_CASE("a bounded mailbox releases its events when its actor ends") {
  actor_fixture f;
  auto seen = std::make_shared<tally>();
  auto actor = actors::spawn_hosted<sleeper>(f.io, seen);
  auto& queue = queue_of(actor);
  queue.pause();
  caf::anon_send(actor, announcing(blocks(1, 10)));
  f.run();
  CHECK(queue.queue()->level().waiting == 10);
  f.crash(actor, caf::exit_reason::user_shutdown);
  CHECK(queue.empty());
  caf::anon_send(actor, announcing(blocks(11, 20)));
  f.run();
  CHECK(queue.empty());
}

TEST_CASE("an exception in on_events ends this actor and no other") {
  actor_fixture f;
  auto seen = std::make_shared<tally>();
  seen->throw_at = 2;
  auto actor = actors::spawn_hosted<sleeper>(f.io, seen);
  queue_of(actor).flow();
  caf::anon_send(actor, announcing({blocked(1)}));
  f.run();
  CHECK(f.io.alive("sleeper").size() == 1);
  caf::anon_send(actor, announcing({blocked(2)}));
  f.run();
  CHECK(f.io.alive("sleeper").empty());
  CHECK(seen->wakes == 2);
  f.log.clear();
}

// A partly written batch is held for one client, beside its queue.
TEST_CASE("a batch ends with the event that brings it to its limit") {
  constexpr auto max = limits::subscriber_batch_max_bytes;
  for (const auto extra : {std::size_t{0}, std::size_t{1}}) {
    CAPTURE(extra);
    event_queue x;
    // It leaves the batch a byte short, or just fills it.
    const auto first = sized(1, max - 1 + extra);
    x.offer(batch_of({first}));
    x.offer(batch_of({sized(2, 1000)}));
    x.offer(batch_of({sized(3, 1000)}));
    CHECK(list_of(taken(x, 64)).size() == (extra == 0 ? 2 : 1));
    CHECK_FALSE(x.empty());
  }
}

} // namespace bounded_mailbox_tests
