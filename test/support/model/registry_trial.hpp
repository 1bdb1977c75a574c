/// Runs a registry, its subscribers and an executor in any order, and compares
/// the registry with the authorisation model and with what a witness saw.
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

/// Applies one operation after another; messages may wait while others are
/// sent. Checks after each operation that this still holds:
///
/// - A verdict is executed only for an open request that was announced and not
///   removed, and a second time only if it failed before. A refusal is the one
///   that the model says.
/// - Verdicts on one container and target that disagree, and decisions about
///   its prompt, are executed one after the other, in the order in which they
///   came. One whose open request ended while it waited is not executed. A
///   decision that was applied closes the requests of those that wait.
/// - `verdict_applied` is announced once for each executed verdict, before the
///   caller gets the reply.
/// - A subscriber's socket takes first the blocks that were undelivered when
///   the subscriber came, then the events announced since, in order, none
///   twice. Once the subscriber has read everything, it has all of the newest
///   128 events.
/// - No queue holds more than its limit.
class registry_trial {
public:
  /// Returns a number below its argument, which is at least 1.
  using chooser = std::function<std::size_t(std::size_t)>;

  registry_trial();

  /// Applies one operation. Throws std::logic_error that says what is wrong.
  void step(const chooser& choose);

  /// Lets all clients read everything and checks once more.
  void finish();

private:
  /// One verdict, or a decision about a prompt, from the call to the outcome.
  struct question {
    authorisation_model::key key;
    std::string dest;
    std::string action;
    std::uint64_t generation = 0; ///< of a decision: of its open request
    std::uint64_t ticket = 0;     ///< tells questions apart
    std::uint64_t call = 0; ///< to the executor, counted from 1; else refused
    bool waits = false;     ///< for others on its target
    bool ok = false;        ///< what the executor said
    bool announced = false; ///< verdict_applied is out

    bool decides() const noexcept { return generation != 0; }
  };

  /// An operator, who asks one question at a time.
  struct caller {
    explicit caller(actor_fixture& fixture) : box(fixture) {}
    inbox box;
    std::optional<question> asked;
  };

  /// A subscriber on a fake connection.
  struct client {
    fake_connection_ptr connection;
    std::shared_ptr<actors::queue_status> queue;
    /// Index in seen_: from this event on the registry surely knows it.
    std::optional<std::size_t> since;
  };

  void announce(const chooser& choose);
  void ask(const chooser& choose);
  void decide(question& x);
  void answer(const chooser& choose);
  client& come();
  void read(const chooser& choose);
  void leave(const chooser& choose);
  void pass_time(const chooser& choose);
  void run(std::size_t turns);

  void look();
  void on_announced(const actors::announced_event& x);
  void on_call(const protocol::shield_call& x);
  void on_outcome(std::size_t who, const protocol::verdict_outcome& y);
  void on_executed(std::size_t who, const actors::executed& y);
  void on_mark(std::size_t who);
  std::size_t take_call(const protocol::shield_call& x);
  bool may_run(const question& x) const;
  std::optional<protocol::verdict_outcome> refusal_of(const question& x);
  void end_unexecuted(std::size_t who);
  std::size_t caller_of(caf::actor_id box) const;
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

  // The callers in four states, in order: the registry has not looked at the
  // question; the question waits for others on its target; the executor has the
  // call; the executor has answered it.
  std::deque<std::size_t> unseen_;
  std::deque<std::size_t> waiting_;
  std::vector<std::size_t> running_;
  std::deque<std::size_t> answered_;

  /// Those that wait, whose requests a decision has closed.
  std::deque<std::size_t> closed_;
  std::string closed_with_; // the decision's action
  /// Behind each question comes a mark: the registry has looked at the question
  /// when it answers the mark. The tickets of those questions, in order.
  std::deque<std::uint64_t> marks_;
  std::uint64_t last_ticket_ = 0;
};

} // namespace clearance::test
