/// The messages of executors, which change the firewall.
#pragma once

#include "actors/base/message_type.hpp"
#include "protocol/hub/shield_abilities.hpp"
#include "protocol/hub/verdict.hpp"

#include <caf/atom.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace clearance::actors {

// -- executor: changes the firewall -------------------------------------------

/// What can the shield do?
using abilities_atom = caf::atom_constant<caf::atom("abilities")>;

/// The answer. `is_known` is false if the shield could not be asked; then it
/// may be asked again. A shield that does not understand the question has none.
struct shield_abilities_answer {
  bool is_known = false;
  protocol::shield_abilities abilities;
};

/// There are two executors: one runs the shield, the other calls the verdict
/// helper. A failed shield is an outcome and not an error. The answer comes
/// within limits::executor_deadline.
using executor_actor = caf::typed_actor<
    // From the registry: a verdict that was checked.
    caf::replies_to<protocol::shield_call>::with<protocol::shield_outcome>,
    // From the operators, or from a verdict helper's session.
    caf::replies_to<abilities_atom>::with<shield_abilities_answer>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::protocol::shield_call)
CLEARANCE_MESSAGE(clearance::protocol::shield_outcome)
CLEARANCE_MESSAGE(clearance::actors::shield_abilities_answer)
