/// What a gate and its git may still do in their sandbox.
#pragma once

#include "actors/gate/config.hpp"
#include "services/gate/gate.hpp"
#include "services/sandbox/sandbox.hpp"

namespace clearance::services {

/// The sandbox of the gate that `config` describes. The gate may change the one
/// repository that it serves (all below its mirror root when it serves several,
/// or one that is not there yet), read its settings, and run hooks and what is
/// on PATH. Makes the socket's directory. Throws setup_fault.
sandbox_plan plan_gate(const gate_options& options,
                       const actors::gate_config& config,
                       const std::string& metrics_directory);

} // namespace clearance::services
