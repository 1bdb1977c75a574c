/// `terok-clearance serve`: the hub.
#pragma once

#include "services/operator/audit_setting.hpp"
#include "services/operator/policy_setting.hpp"
#include "services/process/log_level.hpp"
#include "services/sandbox/sandbox_mode.hpp"

#include <string>

namespace clearance::services {

/// Paths are never empty, defaults are filled in.
struct serve_config {
  std::string clearance_socket;
  std::string reader_socket;
  std::string named_socket;    ///< an option that names one; empty: defaults
  std::string verdict_socket;  ///< the helper's; unused with inline_verdict
  bool inline_verdict = false; ///< run the shield here, without a helper
  std::string shield;          ///< the shield's program; empty: looked for
  std::string only_container;  ///< drop lines of others; empty: serve all
  bool is_without_prompts = false;
  policy_setting policy; ///< read if prompts are kept
  audit_setting audit;
  std::string metrics; ///< see metrics_server; empty: none are served
  sandbox_mode sandbox = sandbox_mode::automatic; ///< not with inline_verdict
  log_level level = log_level::info;
};

/// Serves until SIGINT or SIGTERM. Returns the exit code.
int serve(const serve_config& config);

} // namespace clearance::services
