/// The registry, its subscribers and an executor in any interleaving, held
/// against the authorisation model and against what a witness saw.
#pragma once

#include "actors/hub/registry.hpp"
#include "actors/hub/subscriber.hpp"
#include "test/support/doubles/fake_executor.hpp"
#include "test/support/fixture/actor_fixture.hpp"
#include "test/support/model/authorisation_model.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace clearance::test {

/// Applies one chosen operation after the other, of which messages may wait
/// while others are sent, and looks after each whether this still holds:
///
/// - A verdict is executed only for a binding that was announced and neither
///   dropped nor evicted, and again only after it failed. What is refused is
///   refused as the model says.
/// - `verdict_applied` is announced once for each executed verdict, before its
///   caller is told.
/// - What a subscriber's socket took is, after blocks that were undelivered
/// when
///   it came, what was announced since, in order, nothing twice; and when it
///   has read everything, it has the newest 128 unbroken.
/// - No queue holds more than its bound.
class registry_trial {
public:
  /// Chooses a number below its argument, which is at least 1.
  using chooser = std::function<std::size_t(std::size_t)>;

  registry_trial();

  /// One operation. Throws std::logic_error, saying what does not hold.
  void step(const chooser& choose);

  /// Lets everybody read everything and looks once more.
  void finish();

private:
  /// One verdict, from its question to its outcome.
  struct question {
    authorisation_model::key key;
    std::string dest;
    std::string action;
    std::uint64_t call = 0; ///< to the executor, counted from 1; else refused
    bool ok = false;        ///< what the executor said
    bool announced = false; ///< verdict_applied is out
  };

  /// An operator: one question at a time.
  struct caller {
    explicit caller(actor_fixture& fixture) : box(fixture) {}
    inbox box;
    std::optional<question> asked;
  };

  /// A subscriber on a scripted socket.
  struct client {
    fake_connection_ptr connection;
    std::shared_ptr<actors::queue_status> queue;
    /// Of seen_: the registry knows it for sure from here on.
    std::optional<std::size_t> since;
  };

  void announce(const chooser& choose);
  void ask(const chooser& choose);
  void answer(const chooser& choose);
  client& come();
  void read(const chooser& choose);
  void leave(const chooser& choose);
  void pass_time(const chooser& choose);
  void run(std::size_t turns);

  void look();
  void on_announced(const actors::announced_event& x);
  void on_call(const protocol::shield_call& x);
  void on_outcome(question& x, const protocol::verdict_outcome& y);
  question& asked_by(std::size_t who);
  void check_taken(const std::string& taken) const;
  void check_replay();

  actor_fixture fixture_;
  fake_executor executor_{fixture_};
  inbox hub_{fixture_};
  inbox reader_{fixture_};
  inbox witness_{fixture_};
  std::shared_ptr<actors::queue_status> witness_queue_;
  actors::registry_actor registry_;
  std::vector<std::unique_ptr<caller>> callers_;
  std::deque<client> clients_;

  authorisation_model model_;
  std::vector<std::string> seen_; // on the wire, in the order of announcement
  std::map<std::string, test_event_ptr> blocks_; // by their wire bytes
  std::size_t number_ = 0;                       // of events brought
  std::uint64_t calls_ = 0;                      // to the executor
  protocol::duration passed_{};

  // Callers whose question the registry has not looked at, in order; whose call
  // the executor has; whose call it answered.
  std::deque<std::size_t> unseen_;
  std::vector<std::size_t> running_;
  std::deque<std::size_t> answered_;
};

} // namespace clearance::test
