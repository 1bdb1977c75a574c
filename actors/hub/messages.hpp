/// All messages between the hub's actors: who sends them, and what the answer
/// is. First the types that several actors use, then one typed handle for each
/// actor.
#pragma once

#include "actors/base/connection.hpp"
#include "actors/base/counter_board.hpp"
#include "actors/base/io_host.hpp"
#include "actors/base/log_limiter.hpp"
#include "actors/base/messages.hpp"
#include "actors/executor/messages.hpp"
#include "actors/hub/announced_event.hpp"
#include "actors/hub/audit_trail.hpp"
#include "actors/hub/event_batch.hpp"
#include "actors/hub/operators.hpp"
#include "actors/hub/queue_status.hpp"
#include "protocol/hub/backpressure.hpp"
#include "protocol/hub/verdict.hpp"

#include <caf/actor_addr.hpp>
#include <caf/atom.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace clearance::actors {

/// A queue that somebody waits for has room again.
using room_atom = caf::atom_constant<caf::atom("room")>;

// -- subscriber: one client that follows events -------------------------------

/// Events for the subscriber's queue. All subscribers share them.
struct announced {
  event_batch_ptr events;
};

/// Some undelivered events, in answer to `subscribe` or `replay`.
struct replay_page {
  std::vector<event_ptr> events;
  std::uint64_t cursor = 0; ///< where the next `replay` goes on
  std::uint64_t until = 0;  ///< events from this number on come as `announced`
  bool done = false;
  bool failed = false; ///< there was no memory for it: the subscriber ends
};

using subscriber_actor = caf::typed_actor<
    // From the registry. They go into the bounded queue and never reach a
    // handler one by one.
    caf::reacts_to<announced>,
    // From the registry: the answer to `subscribe` and to each `replay`.
    caf::reacts_to<replay_page>,
    // From its connection.
    caf::reacts_to<received>, caf::reacts_to<writable>, caf::reacts_to<hung_up>,
    // From the registry: write your counters to the log.
    caf::reacts_to<report_atom>>;

// -- registry: open requests, and the distribution of events ----------------

/// Events of one reader, in order. The answer is `batch_announced`; it may come
/// later.
struct announce {
  connection_id reader = 0;
  event_batch_ptr events;
  protocol::duration max_pause{}; ///< how long the registry may hold them back
};

/// The reader's batch was announced after `waited`. `calm`: every subscriber's
/// queue is at most half full. The next batch must have at most
/// `next_max_events` events.
struct batch_announced {
  connection_id reader = 0;
  protocol::duration waited{};
  bool calm = true;
  std::size_t next_max_events = protocol::limits::reader_batch_max_events;
};

/// A client's verdict. The outcome goes to the sender, as the answer to a
/// request or as a message of its own. The members from `who` on are for the
/// log and the audit trail.
struct verdict {
  std::string container;
  std::string request_id;
  std::string dest;
  std::string action;
  peer who;
  /// Limits the log lines about this client's denied verdicts. Null: verdicts
  /// without a limiter share one.
  std::shared_ptr<log_limiter> denials = nullptr;
  std::string rule = {}; ///< of the policy, which decided; may be empty
  /// The prompts' decision that this is. Null: no prompt was decided.
  std::shared_ptr<const protocol::decision> made = nullptr;
};

/// From now on the owner of `queue` gets every event.
struct subscribe {
  subscriber_actor from;
  std::shared_ptr<queue_status> queue;
  pid_t pid = 0; ///< of the client; 0: it is not known
};

/// How many events were dropped for the subscribers of this process?
struct losses_of {
  pid_t pid = 0;
};

/// Asks for the next page of undelivered events.
struct replay {
  std::uint64_t cursor = 0;
  std::uint64_t until = 0;
};

using ingester_actor = caf::typed_actor<
    // From the listener: a reader.
    caf::reacts_to<accepted>,
    // From a reader's connection.
    caf::reacts_to<received>, caf::reacts_to<writable>, caf::reacts_to<hung_up>,
    // From the registry: the reader's last batch was announced; go on.
    caf::reacts_to<batch_announced>,
    // From the hub: write your counters to the log.
    caf::reacts_to<report_atom>>;

using registry_actor = caf::typed_actor<
    // From the ingester: make open requests and announce the events.
    caf::reacts_to<announce>,
    // From a session or an application: check and execute the verdict.
    caf::replies_to<verdict>::with<protocol::verdict_outcome>,
    // From a new subscriber; the answer is `replay_page`.
    caf::reacts_to<subscribe>,
    // From a subscriber: the next page, please.
    caf::replies_to<replay>::with<replay_page>,
    // From a session, for a client that calls `Lost`.
    caf::replies_to<losses_of>::with<operator_answer>,
    // From a subscriber: its queue, which somebody waits for, has room.
    caf::reacts_to<room_atom>,
    // From itself: a batch that is held back may be due.
    caf::reacts_to<tick_atom>,
    // From the operators, once.
    caf::reacts_to<attend>,
    // From the operators: a decision. The answer comes when the executor has
    // answered and `verdict_applied` is in every queue.
    caf::replies_to<execute>::with<executed>,
    // From the operators: these open requests ask what was decided.
    caf::replies_to<close_requests>::with<requests_closed>,
    // From the hub: write your counters to the log.
    caf::reacts_to<report_atom>>;

/// What the operators' actor needs of its hub.
struct operators_place {
  io_host* io = nullptr;
  registry_actor registry;
  executor_actor executor; ///< is asked what the shield can do
  caf::actor_addr hub;     ///< linked: both end together
  audit_place audit;
  counter_board_ptr board = nullptr;
};

// -- session: one varlink client ----------------------------------------------

using session_actor = caf::typed_actor<
    // From its connection.
    caf::reacts_to<received>, caf::reacts_to<writable>, caf::reacts_to<hung_up>,
    // From the registry (in a hub): the outcome of the verdict.
    caf::reacts_to<protocol::verdict_outcome>,
    // From the executor (in a verdict helper): the outcome of the call.
    caf::reacts_to<protocol::shield_outcome>,
    caf::reacts_to<shield_abilities_answer>,
    // From the operators, or from the registry (in a hub that has operators).
    caf::reacts_to<operator_answer>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::protocol::verdict_outcome)
CLEARANCE_MESSAGE(clearance::actors::announced)
CLEARANCE_MESSAGE(clearance::actors::replay_page)
CLEARANCE_MESSAGE(clearance::actors::announce)
CLEARANCE_MESSAGE(clearance::actors::batch_announced)
CLEARANCE_MESSAGE(clearance::actors::verdict)
CLEARANCE_MESSAGE(clearance::actors::subscribe)
CLEARANCE_MESSAGE(clearance::actors::losses_of)
CLEARANCE_MESSAGE(clearance::actors::replay)
