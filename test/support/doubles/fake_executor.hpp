/// A double of both executors: keeps what it is asked until the test answers.
#pragma once

#include "actors/executor/messages.hpp"
#include "protocol/hub/verdict.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace clearance::test {

class actor_fixture;

class fake_executor {
public:
  explicit fake_executor(actor_fixture& fixture);

  const actors::executor_actor& handle() const noexcept { return handle_; }

  /// Every call so far, answered ones too.
  const std::vector<protocol::shield_call>& calls() const noexcept {
    return *calls_;
  }

  /// Answers the call; nothing runs yet. Calls stand in the journal, too, at
  /// the moment of their sending.
  void play(std::size_t index, protocol::shield_outcome outcome);

  /// The same, and runs what follows.
  void answer(std::size_t index, protocol::shield_outcome outcome);
  void succeed(std::size_t index) { answer(index, {true, {}}); }

  /// Ends with all its calls unanswered.
  void die();

private:
  actor_fixture& fixture_;
  std::shared_ptr<std::vector<protocol::shield_call>> calls_;
  actors::executor_actor handle_;
};

} // namespace clearance::test
