/// The hooks of the gate, see services/gate/gate.hpp.
#pragma once

namespace clearance::services {

/// Runs before refs move. Returns the exit code; any other than 0 refuses the
/// push.
int run_pre_receive();

/// Runs after refs have moved. Never fails.
void run_post_receive() noexcept;

} // namespace clearance::services
