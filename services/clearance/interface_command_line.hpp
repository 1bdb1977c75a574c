/// The options of `terok-clearance tui` and `terok-clearance web`.
#pragma once

#include "services/client/terminal_client.hpp"
#include "services/client/web_client.hpp"

#include <CLI/CLI.hpp>

namespace clearance::services {

// Each adds them to `sub`. They set `config`, which lives as long as `sub`.
void add_terminal_options(CLI::App& sub, terminal_config& config);
void add_web_options(CLI::App& sub, web_client_config& config);

} // namespace clearance::services
