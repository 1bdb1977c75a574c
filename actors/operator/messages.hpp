/// The messages between the prompts and the clients that watch them.
#pragma once

#include "actors/hub/operators.hpp"
#include "protocol/operator/policy.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <string>

namespace clearance::actors {

/// Whole replies to `Watch`, in answer to `pull`.
struct changes {
  std::shared_ptr<const std::string> bytes;
};

using operator_session_actor = caf::typed_actor<
    // From the prompts.
    caf::reacts_to<changes>,
    // From its connection.
    caf::reacts_to<received>, caf::reacts_to<writable>,
    caf::reacts_to<hung_up>>;

/// Everything before was written: send what is to be written next, as soon as
/// there is something.
struct pull {
  operator_session_actor from;
};

/// A load of the policy has ended.
struct policy_loaded {
  /// Null: the load failed, and the policy of before stays in force.
  std::shared_ptr<const protocol::policy> rules;
  std::string state; ///< in words, for operators; empty: the hub has no policy
  /// The log says so. Of several hubs of a process, which have the same policy,
  /// one does.
  bool is_logged = true;
};

/// The operators' actor with its own messages.
using prompts_actor = operators_actor::extend<
    // From the process: at the start, and after SIGHUP.
    caf::reacts_to<policy_loaded>,
    // From an operator session; the answer is `changes`, which may come later.
    caf::reacts_to<pull>,
    // From itself: a change that was held back may be due.
    caf::reacts_to<tick_atom>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::changes)
CLEARANCE_MESSAGE(clearance::actors::pull)
CLEARANCE_MESSAGE(clearance::actors::policy_loaded)
