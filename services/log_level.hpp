/// How much a service says.
#pragma once

namespace clearance::services {

/// The least severity that is logged.
enum class log_level { debug, info, warning, error };

} // namespace clearance::services
