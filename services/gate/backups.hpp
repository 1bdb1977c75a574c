/// `terok-gate backups`: what the hooks keep, for the operator.
#pragma once

#include "services/gate/gate.hpp"

namespace clearance::services {

/// Runs git in the repository. Returns the exit code.
int run_gate_backups(const gate_backups_call& call);

} // namespace clearance::services
