/// `terok-gate backups`: shows the operator the backups, and uses them.
#pragma once

#include "services/gate/gate.hpp"

namespace clearance::services {

/// Runs git in the repository. Returns the exit code.
int run_gate_backups(const gate_backups_call& call);

} // namespace clearance::services
