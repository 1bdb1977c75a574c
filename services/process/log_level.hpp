/// How much a service logs.
#pragma once

#include "actors/base/log.hpp"

namespace clearance::services {

/// The lowest severity that is logged.
using log_level = actors::severity;

} // namespace clearance::services
