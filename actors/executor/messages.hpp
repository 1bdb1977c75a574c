/// The messages of executors, which change the firewall.
#pragma once

#include "actors/base/message_type.hpp"
#include "protocol/hub/verdict.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace clearance::actors {

// -- executor: changes the firewall -------------------------------------------

/// There are two executors: one runs the shield, the other calls the verdict
/// helper. A failed shield is an outcome and not an error. The answer comes
/// within limits::executor_deadline.
using executor_actor = caf::typed_actor<
    // From the registry: a verdict that was checked.
    caf::replies_to<protocol::shield_call>::with<protocol::shield_outcome>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::protocol::shield_call)
CLEARANCE_MESSAGE(clearance::protocol::shield_outcome)
