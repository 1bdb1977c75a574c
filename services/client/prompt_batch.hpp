/// `terok-clearance list` and `decide` for more than one hub or more than one
/// prompt: waits until the hubs have sent their prompts, and then does it.
#pragma once

#include "services/client/operator_client.hpp"

namespace clearance::services {

// Each says what came of it, and returns the exit code.

/// The prompts of all hubs of the hosts, and of the socket if one is named.
int list_hosts(const list_config& config);

/// Decides the prompt that the configuration names, wherever it is, or all that
/// wait and fit. An allow of more than one leaves out those that have flags.
int decide_many(const decide_config& config);

} // namespace clearance::services
