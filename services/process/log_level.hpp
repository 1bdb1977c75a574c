/// How much a service says.
#pragma once

#include "actors/base/log.hpp"

namespace clearance::services {

/// The least severity that is logged.
using log_level = actors::severity;

} // namespace clearance::services
