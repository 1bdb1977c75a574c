/// The command line of `terok-clearance`: words in, one configuration out.
#pragma once

#include "services/emit.hpp"
#include "services/serve.hpp"
#include "services/serve_verdict.hpp"
#include "services/told.hpp"
#include "services/verdict.hpp"
#include "services/watch.hpp"

#include <string>
#include <variant>
#include <vector>

namespace clearance::services {

using command = std::variant<told, serve_config, serve_verdict_config,
                             watch_config, verdict_config, emit_config>;

/// Judges the words behind the program's name. Paths that are not given lie
/// below `runtime`. Reads neither files nor the environment.
command parse_command_line(const std::vector<std::string>& words,
                           const std::string& runtime);

} // namespace clearance::services
