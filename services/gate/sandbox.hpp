/// What of the machine a gate and its git keep.
#pragma once

#include "actors/gate/config.hpp"
#include "services/gate/gate.hpp"
#include "services/sandbox/sandbox.hpp"

namespace clearance::services {

/// Of the gate that `config` describes: it may change the one repository that
/// it serves (several, or one that is not there yet: all below its mirror
/// root), read its settings, and run what is on PATH and its hooks. Makes the
/// socket's directory. Throws setup_fault.
sandbox_plan plan_gate(const gate_options& options,
                       const actors::gate_config& config);

} // namespace clearance::services
