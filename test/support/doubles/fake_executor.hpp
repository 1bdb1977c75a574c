/// Stands for both executors: keeps each call until the test answers it.
#pragma once

#include "actors/executor/messages.hpp"
#include "protocol/hub/shield_abilities.hpp"
#include "protocol/hub/verdict.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace clearance::test {

class actor_fixture;

class fake_executor {
public:
  explicit fake_executor(actor_fixture& fixture);

  const actors::executor_actor& handle() const noexcept { return handle_; }

  /// All calls so far, also those that are answered.
  const std::vector<protocol::shield_call>& calls() const noexcept {
    return *calls_;
  }

  /// Answers the call; no actor runs yet. The journal has every call, too, from
  /// the moment when it was sent.
  void play(std::size_t index, protocol::shield_outcome outcome);

  /// Answers the call and runs all actors that are then ready.
  void answer(std::size_t index, protocol::shield_outcome outcome);
  void succeed(std::size_t index) { answer(index, {true, {}}); }

  /// What it says that it can do, from now on. Nothing: it cannot be asked.
  void can(std::optional<protocol::shield_abilities> what) {
    *abilities_ = what;
  }

  /// Ends and leaves all its calls unanswered.
  void die();

private:
  actor_fixture& fixture_;
  std::shared_ptr<std::vector<protocol::shield_call>> calls_;
  std::shared_ptr<std::optional<protocol::shield_abilities>> abilities_;
  actors::executor_actor handle_;
};

} // namespace clearance::test
