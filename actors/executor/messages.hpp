/// The conversation with whoever changes the firewall.
#pragma once

#include "actors/base/message_type.hpp"
#include "protocol/hub/verdict.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace clearance::actors {

// -- executor: changes the firewall -------------------------------------------

/// Two forms behind it: one runs the shield, one asks the verdict helper. A
/// failed shield is an outcome, not an error. Answers within
/// limits::executor_deadline.
using executor_actor = caf::typed_actor<
    // One verdict, checked by the registry.
    caf::replies_to<protocol::shield_call>::with<protocol::shield_outcome>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::protocol::shield_call)
CLEARANCE_MESSAGE(clearance::protocol::shield_outcome)
