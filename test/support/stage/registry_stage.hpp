/// A registry between played readers, clients and an executor.
#pragma once

#include "actors/hub/registry.hpp"
#include "test/support/doubles/played_executor.hpp"
#include "test/support/stage/actor_fixture.hpp"
#include "test/support/wire/events.hpp"

#include <memory>
#include <string>
#include <vector>

namespace clearance::test {

struct registry_stage : actor_fixture {
  played_executor executor{*this};
  inbox hub{*this};
  inbox reader{*this};
  inbox caller{*this};
  actors::registry_actor registry;

  explicit registry_stage(protocol::authorisation_limits limits = {});

  /// As `reader`, with no max_pause unless given.
  void announce(event_list events, protocol::duration max_pause = {});

  /// As `caller`; `what` is the rest of a verdict on blocked(n).
  void ask(std::string request_id, std::string dest = "203.0.113.7",
           std::string action = "allow", std::string container = "c1");

  /// What `caller` was told; fails the test unless that is one outcome.
  protocol::verdict_outcome outcome() {
    return caller.only<protocol::verdict_outcome>();
  }

  /// Whether a verdict on it would be executed. Does so, and lets it fail.
  bool live(std::string request_id, std::string dest = "203.0.113.7",
            std::string container = "c1");
};

/// A double of a subscriber, whose queue says what the test says.
struct subscriber_client {
  inbox box;
  std::shared_ptr<actors::queue_status> queue =
      std::make_shared<actors::queue_status>();

  /// Subscribes, and was answered. Nothing waits and it just made progress.
  explicit subscriber_client(registry_stage& s);

  /// What was announced to it since the last call, as it stands on the wire.
  std::string heard();
};

} // namespace clearance::test
