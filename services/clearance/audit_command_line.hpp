/// The options of `terok-clearance audit`.
#pragma once

#include "services/operator/audit_command.hpp"
#include "services/operator/audit_setting.hpp"

#include <CLI/CLI.hpp>

namespace clearance::services {

/// Adds them to `sub`. They set `config`, which lives as long as `sub`.
void add_audit_options(CLI::App& sub, audit_config& config);

/// Checks what one option means for another. Throws usage_fault.
void finish_audit(const CLI::App& sub, const audit_config& config);

/// The options of `serve` about its audit trail, in the same way.
void add_trail_options(CLI::App& sub, audit_setting& setting);
void finish_trail(const CLI::App& sub, const audit_setting& setting);

} // namespace clearance::services
