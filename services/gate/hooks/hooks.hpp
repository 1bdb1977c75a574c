/// What git runs us as, see services/gate/gate.hpp.
#pragma once

namespace clearance::services {

/// Before refs move. Returns the exit code; all but 0 refuse the push.
int run_pre_receive();

/// After refs have moved. Never fails.
void run_post_receive() noexcept;

} // namespace clearance::services
