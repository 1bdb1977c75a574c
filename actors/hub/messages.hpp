/// The conversation between the hub's actors: every message, who sends it, and
/// what comes back. Shapes first, then one typed handle an actor.
#pragma once

#include "actors/base/connection.hpp"
#include "actors/base/log_limiter.hpp"
#include "actors/base/messages.hpp"
#include "actors/executor/messages.hpp"
#include "actors/hub/announced_event.hpp"
#include "actors/hub/event_batch.hpp"
#include "actors/hub/queue_status.hpp"
#include "protocol/hub/backpressure.hpp"
#include "protocol/hub/verdict.hpp"

#include <caf/atom.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace clearance::actors {

/// There is room in a queue that somebody waits for.
using room_atom = caf::atom_constant<caf::atom("room")>;

// -- subscriber: one client that follows events -------------------------------

/// Events to be queued, shared by all subscribers.
struct announced {
  event_batch_ptr events;
};

/// What the registry drew from the map: blocks that nobody was handed yet.
struct replay_page {
  std::vector<event_ptr> events;
  std::uint64_t cursor = 0; ///< for the next `replay`
  std::uint64_t until = 0;  ///< newer ones come as `announced`
  bool done = false;
};

using subscriber_actor = caf::typed_actor<
    // Registry: into the bounded queue; never seen by the handler one by one.
    caf::reacts_to<announced>,
    // Registry: the answer to `subscribe` and to each `replay`.
    caf::reacts_to<replay_page>,
    // Its connection.
    caf::reacts_to<received>, caf::reacts_to<writable>, caf::reacts_to<hung_up>,
    // Registry: counters to the log.
    caf::reacts_to<report_atom>>;

// -- registry: the authorisation map and the fan-out --------------------------

/// Events of one reader, in order. Answered by `batch_announced`, maybe later.
struct announce {
  connection_id reader = 0;
  event_batch_ptr events;
  protocol::duration max_pause{}; ///< how long they may be held back
};

/// The reader's batch went out after `waited`. Calm: every subscriber's queue
/// is at most half full. The next batch is to have `next_max_events` at most.
struct batch_announced {
  connection_id reader = 0;
  protocol::duration waited{};
  bool calm = true;
  std::size_t next_max_events = protocol::limits::reader_batch_max_events;
};

/// A client's verdict. Its outcome goes to the sender, as an answer to a
/// request or as a message of its own. The last two are for the audit trail:
/// who asks, and how much may be logged of what he is denied; shared with him.
struct verdict {
  std::string container;
  std::string request_id;
  std::string dest;
  std::string action;
  peer who;
  /// Null: those who have none share one.
  std::shared_ptr<log_limiter> denials = nullptr;
};

/// From now on `queue`'s owner gets every event.
struct subscribe {
  subscriber_actor from;
  std::shared_ptr<queue_status> queue;
};

/// The next undelivered blocks for the sender.
struct replay {
  std::uint64_t cursor = 0;
  std::uint64_t until = 0;
};

using ingester_actor = caf::typed_actor<
    // Listener: a reader.
    caf::reacts_to<accepted>,
    // A reader's connection.
    caf::reacts_to<received>, caf::reacts_to<writable>, caf::reacts_to<hung_up>,
    // Registry: the reader's last batch is out, go on.
    caf::reacts_to<batch_announced>,
    // Hub: counters to the log.
    caf::reacts_to<report_atom>>;

using registry_actor = caf::typed_actor<
    // Ingester: bind and fan out.
    caf::reacts_to<announce>,
    // Session or host: check and execute.
    caf::replies_to<verdict>::with<protocol::verdict_outcome>,
    // Subscriber: a new one; answered by `replay_page`.
    caf::reacts_to<subscribe>,
    // Subscriber: more of them; answered by `replay_page`.
    caf::replies_to<replay>::with<replay_page>,
    // Subscriber: its queue drained while somebody waited.
    caf::reacts_to<room_atom>,
    // Itself: a deadline of a batch that is held back.
    caf::reacts_to<tick_atom>,
    // Hub: counters to the log.
    caf::reacts_to<report_atom>>;

// -- session: one varlink client ----------------------------------------------

using session_actor = caf::typed_actor<
    // Its connection.
    caf::reacts_to<received>, caf::reacts_to<writable>, caf::reacts_to<hung_up>,
    // Registry (hub): what became of the verdict.
    caf::reacts_to<protocol::verdict_outcome>,
    // Executor (verdict helper): what became of the call.
    caf::reacts_to<protocol::shield_outcome>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::protocol::verdict_outcome)
CLEARANCE_MESSAGE(clearance::actors::announced)
CLEARANCE_MESSAGE(clearance::actors::replay_page)
CLEARANCE_MESSAGE(clearance::actors::announce)
CLEARANCE_MESSAGE(clearance::actors::batch_announced)
CLEARANCE_MESSAGE(clearance::actors::verdict)
CLEARANCE_MESSAGE(clearance::actors::subscribe)
CLEARANCE_MESSAGE(clearance::actors::replay)
