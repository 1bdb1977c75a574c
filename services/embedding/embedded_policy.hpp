/// Loads the policy of an application's hub.
#pragma once

#include "services/embedding/policy_messages.hpp"

#include <caf/actor_system.hpp>

#include <functional>

namespace clearance::actors::embedding {

/// Reads all parts of the policy. Blocks while files are read.
policy_load load_policy_of(const face::policy_source& source);

/// The same on a thread of its own. `done` is called there, once.
void load_policy_elsewhere(caf::actor_system& system,
                           face::policy_source source,
                           std::function<void(policy_load)> done);

} // namespace clearance::actors::embedding
