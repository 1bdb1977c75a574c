/// `terok-clearance serve-verdict`: the verdict helper.
#pragma once

#include "services/process/log_level.hpp"

#include <string>

namespace clearance::services {

struct serve_verdict_config {
  std::string socket;       ///< never empty
  std::string named_socket; ///< the option that names it; empty: a default
  std::string shield;       ///< the shield's program; empty: looked for
  log_level level = log_level::info;
};

/// Serves until SIGINT or SIGTERM. Returns the exit code.
int serve_verdict(const serve_verdict_config& config);

} // namespace clearance::services
