/// The messages between a hub and the actor that keeps its prompts. A hub
/// without operators has no such actor.
#pragma once

#include "actors/base/connection.hpp"
#include "actors/base/message_type.hpp"
#include "actors/base/messages.hpp"
#include "actors/base/slot_pool.hpp"
#include "actors/hub/event_batch.hpp"
#include "protocol/hub/verdict.hpp"
#include "protocol/operator/prompt_table.hpp"
#include "protocol/varlink/operator_call.hpp"

#include <caf/atom.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace clearance::actors {

/// The registry has news for the operators; see news_box.
using news_atom = caf::atom_constant<caf::atom("news")>;

class news_box;

/// A client's verdict was executed. `by` says whose it was.
struct verdict_executed {
  std::string container;
  protocol::request_ref request;
  protocol::action action = protocol::action::deny;
  protocol::shield_outcome outcome;
  peer by;
};

/// A call of the operator interface, but for `Watch`.
struct operator_question {
  protocol::varlink::operator_call what;
  peer by;
};

/// All that the client gets, NUL included. Empty: there was no memory for it,
/// so the client's connection is closed.
struct operator_answer {
  std::string reply;
};

/// A client called `Watch`: its connection is given away. The slot is dropped
/// when the client has left.
struct watching {
  connection_ptr connection;
  protocol::varlink::watch_call call;
  slot place;
};

/// The state of the audit trail has changed.
struct audit_state {
  std::string text; ///< in words, for operators
};

/// The decisions that the audit trail has of before the hub's start, the oldest
/// first; their numbers grow. Null: none are known.
struct past_decisions {
  std::shared_ptr<const std::vector<protocol::decision>> all;
};

/// Keeps the prompts and answers operators. Starts with the hub, and both end
/// together.
using operators_actor = caf::typed_actor<
    // From the registry: there are news in the box.
    caf::reacts_to<news_atom>,
    // From a session.
    caf::replies_to<operator_question>::with<operator_answer>,
    // From a session.
    caf::reacts_to<watching>,
    // From the audit trail, in a hub that has one.
    caf::reacts_to<audit_state>, caf::reacts_to<past_decisions>,
    // From the hub: write your counters to the log.
    caf::reacts_to<report_atom>>;

// -- what the operators ask of the registry -----------------------------------

/// From now on put into the box what happens to open requests, and tell me when
/// I have to look.
struct attend {
  operators_actor from;
  std::shared_ptr<news_box> news;
};

/// Execute exactly this open request.
struct execute {
  std::string container;
  protocol::request_ref request;
  protocol::action action = protocol::action::deny;
  peer by;          ///< for the audit trail
  std::string rule; ///< of the policy, which decided instead; may be empty
  /// for the records of the audit trail
  std::shared_ptr<const protocol::decision> made = nullptr;
  std::int64_t seconds = 0; ///< when it ends by itself; 0: it does not
};

struct executed {
  protocol::prompt_table::execution how =
      protocol::prompt_table::execution::changed;
  std::string why; ///< of a failure
  /// Look at the news up to this one first; see news_box::sequence().
  std::uint64_t after = 0;
};

/// Close these open requests as if a verdict on each had been applied: nothing
/// is executed, and each that is still live is announced as `verdict_applied`.
struct close_requests {
  std::string container;
  std::vector<protocol::request_ref> requests;
  protocol::action action = protocol::action::deny;
};

/// How many were closed.
struct requests_closed {
  std::size_t count = 0;
};

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::operator_question)
CLEARANCE_MESSAGE(clearance::actors::operator_answer)
CLEARANCE_MESSAGE(clearance::actors::watching)
CLEARANCE_MESSAGE(clearance::actors::audit_state)
CLEARANCE_MESSAGE(clearance::actors::past_decisions)
CLEARANCE_MESSAGE(clearance::actors::attend)
CLEARANCE_MESSAGE(clearance::actors::execute)
CLEARANCE_MESSAGE(clearance::actors::executed)
CLEARANCE_MESSAGE(clearance::actors::close_requests)
CLEARANCE_MESSAGE(clearance::actors::requests_closed)
