#include "actors/base/hosted.hpp"

#include "actors/base/fault.hpp"
#include "actors/hub/messages.hpp"
#include "test/support/allocation_count.hpp"
#include "test/support/fixture/actor_fixture.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

namespace hosted_tests {

using namespace clearance;
using namespace clearance::test;

namespace {

/// Ends when it gets tick_atom. Holds `kept` while it lives.
class guest {
public:
  static inline const char* name = "guest";
  using interface = caf::typed_actor<caf::reacts_to<actors::tick_atom>,
                                     caf::reacts_to<actors::report_atom>,
                                     caf::reacts_to<actors::room_atom>>;
  using self_type = actors::hosted<interface::base>;
  using actor_type = actors::hosted_actor<guest>;

  guest(self_type* self, std::shared_ptr<int> kept)
      : self_(self), kept_(std::move(kept)) {
    // nop
  }

  interface::behavior_type make_behavior() {
    return {
        [this](actors::tick_atom) { self_->quit(); },
        [this](actors::report_atom) { ++*kept_; },
        [](actors::room_atom) { throw std::out_of_range{"no\nroom"}; },
    };
  }

private:
  self_type* self_;
  std::shared_ptr<int> kept_;
};

/// A fake io::unit that runs its actors when the test says so.
class manual_unit final : public caf::execution_unit {
public:
  using execution_unit::execution_unit;

  void exec_later(caf::resumable* what) override { ready_.push_back(what); }

  std::size_t run() {
    std::size_t steps = 0;
    for (; !ready_.empty(); ++steps) {
      auto what = ready_.front();
      ready_.pop_front();
      CHECK(what->subtype() == caf::resumable::io_actor);
      if (what->resume(this, 1) == caf::resumable::resume_later)
        ready_.push_back(what);
      else
        caf::intrusive_ptr_release(what);
    }
    return steps;
  }

private:
  std::deque<caf::resumable*> ready_;
};

} // namespace

TEST_CASE("without a unit a hosted actor runs on the system's scheduler") {
  actor_fixture f;
  auto value = std::make_shared<int>(0);
  auto actor = actors::spawn_hosted<guest>(f.io, value);
  caf::anon_send(actor, actors::report_atom::value);
  CHECK(f.scheduler.has_job());
  f.run();
  CHECK(*value == 1);
}

TEST_CASE("a hosted actor runs on its unit, whichever thread sends to it") {
  actor_fixture f;
  manual_unit unit{&f.system};
  auto value = std::make_shared<int>(0);
  auto actor = f.system.spawn<guest::actor_type>(&unit, value);
  unit.run();
  caf::anon_send(actor, actors::report_atom::value);
  inbox sender{f};
  f.run();
  sender.tell(actor, actors::report_atom::value);
  CHECK_FALSE(f.scheduler.has_job());
  CHECK(*value == 0);
  CHECK(unit.run() > 0);
  CHECK(*value == 2);
  caf::anon_send(actor, actors::tick_atom::value);
  unit.run();
}

TEST_CASE(
    "a hosted actor's state is destroyed when it ends, not with its handle") {
  actor_fixture f;
  auto value = std::make_shared<int>(0);
  auto actor = actors::spawn_hosted<guest>(f.io, value);
  f.run();
  CHECK(value.use_count() == 2);
  caf::anon_send(actor, actors::tick_atom::value);
  f.run();
  CHECK(value.use_count() == 1);
  CHECK(f.io.alive("guest").empty());
}

TEST_CASE("the I/O host keeps an actor to which nobody else has a handle") {
  actor_fixture f;
  auto value = std::make_shared<int>(0);
  actors::spawn_hosted<guest>(f.io, value);
  f.run();
  CHECK(f.io.alive("guest").size() == 1);
  CHECK(f.io.kept().size() == 1);
}

TEST_CASE("an exception in a handler ends the actor, and the log says why") {
  actor_fixture f;
  auto value = std::make_shared<int>(0);
  auto actor = actors::spawn_hosted<guest>(f.io, value);
  caf::anon_send(actor, actors::room_atom::value);
  f.run();
  CHECK(f.io.alive("guest").empty());
  CHECK(value.use_count() == 1);
  auto line = f.log.only("internal error");
  CHECK(line.level == actors::severity::error);
  CHECK(line.component == "guest");
  CHECK(line["what"] == "no\\x0aroom");
  f.log.clear();
}

TEST_CASE("a message without a handler is logged and does no harm") {
  actor_fixture f;
  auto value = std::make_shared<int>(0);
  auto actor = actors::spawn_hosted<guest>(f.io, value);
  caf::anon_send(caf::actor_cast<caf::actor>(actor), std::string{"x"});
  f.run();
  CHECK(f.io.alive("guest").size() == 1);
  CHECK(f.log.only("internal error").component == "guest");
  f.log.clear();
}

TEST_CASE("an exception that is not a std::exception is described, too") {
  const log_record log;
  actors::report_fault("guest", std::make_exception_ptr(1));
  CHECK(log.only("internal error")["what"] == "an unknown exception");
}

TEST_CASE("a fault is logged although there is no memory for its text") {
  const log_record log;
  const std::string long_text(1000, 'x');
  {
    const denied_allocation no_memory{1};
    actors::report_fault("guest", long_text);
  }
  CHECK(log.only("internal error")["what"]
        == "out of memory even for its text");
}

TEST_CASE("what cannot be sent for want of memory is tried once more") {
  int tries = 0;
  actors::insist([&] {
    if (++tries == 1)
      throw std::bad_alloc{};
  });
  CHECK(tries == 2);
  CHECK_THROWS_AS(actors::insist([] { throw std::bad_alloc{}; }),
                  std::bad_alloc);
  CHECK_THROWS_AS(actors::insist([&] {
                    ++tries;
                    throw std::runtime_error{"x"};
                  }),
                  std::runtime_error);
  CHECK(tries == 3);
}

} // namespace hosted_tests
