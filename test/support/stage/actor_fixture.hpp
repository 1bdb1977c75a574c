/// A CAF system whose scheduler and clock the test drives.
#pragma once

#include "protocol/hub/backpressure.hpp"
#include "test/support/doubles/fake_io_host.hpp"
#include "test/support/doubles/inbox.hpp"
#include "test/support/stage/log_record.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <cstddef>

namespace clearance::test {

/// Nothing runs until the test says so, and time stands still until it goes on.
/// In the end every hosted actor is told to exit, and none may be left; nor may
/// any have reported a fault of ours (log.clear() where one is expected).
class actor_fixture {
public:
  actor_fixture();
  ~actor_fixture();
  actor_fixture(const actor_fixture&) = delete;
  actor_fixture& operator=(const actor_fixture&) = delete;

private:
  struct testing_config : caf::actor_system_config {
    testing_config();
  };
  testing_config config_;

public:
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  fake_io_host io;
  log_record log;
  test::journal journal; ///< of all inboxes

  /// All that is ready, and what becomes ready by that.
  void run();

  /// Whatever becomes due on the way is run in time, one after another.
  void advance(protocol::duration x);

  /// The same in one step, as after a while in which nothing of ours was run.
  void stall(protocol::duration x);

  /// Ends the actor as a fault of its own would, and runs what follows.
  template <class Handle>
  void crash(const Handle& who, caf::error why) {
    kill(caf::actor_cast<caf::strong_actor_ptr>(who), std::move(why));
  }

  /// Tells every hosted actor to exit, and runs what follows. For the end of a
  /// stage into whose members they, or who watches their ends, look.
  void end_hosted();

  /// Actors that have not ended.
  std::size_t alive();

private:
  void kill(const caf::strong_actor_ptr& who, caf::error why);
};

} // namespace clearance::test
