#include "test/support/stage/actor_fixture.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_registry.hpp>
#include <caf/send.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <utility>

namespace clearance::test {

actor_fixture::testing_config::testing_config() {
  set("scheduler.policy", caf::atom("testing"));
}

actor_fixture::actor_fixture()
    : system(config_),
      scheduler(
          dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())),
      io(system) {
  // nop
}

actor_fixture::~actor_fixture() {
  end_hosted();
  CHECK_MESSAGE(log.with("a fault of ours").empty(),
                "an actor threw, or got what it does not know");
  CHECK_MESSAGE(alive() == 0, "actors are left that nobody ended");
  if (alive() > 0) // the system would wait for them for ever
    system.await_actors_before_shutdown(false);
}

void actor_fixture::end_hosted() {
  io.end_all();
  run();
}

void actor_fixture::run() {
  while (scheduler.try_run_once()) {
    // nop
  }
}

// In steps, or a timer that is set by another one would be late.
void actor_fixture::advance(protocol::duration x) {
  using namespace std::chrono_literals;
  constexpr protocol::duration step = 1ms;
  run();
  for (; x > protocol::duration::zero(); x -= std::min(x, step)) {
    scheduler.advance_time(std::min(x, step));
    run();
  }
}

void actor_fixture::stall(protocol::duration x) {
  scheduler.advance_time(x);
  run();
}

std::size_t actor_fixture::alive() {
  return system.registry().running();
}

void actor_fixture::kill(const caf::strong_actor_ptr& who, caf::error why) {
  caf::anon_send(caf::actor_cast<caf::actor>(who),
                 caf::exit_msg{who->address(), std::move(why)});
  run();
}

} // namespace clearance::test
