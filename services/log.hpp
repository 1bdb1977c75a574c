/// Where the actors' log goes: stderr, in the journal's form under systemd.
#pragma once

#include "services/log_level.hpp"

namespace clearance::services {

/// Sends the actors' log to stderr from now on. When stderr is the journal,
/// lines carry its priorities and no time of their own. For a program's start.
/// Source: sd-daemon(3), systemd.exec(5) on JOURNAL_STREAM.
void log_to_stderr(log_level threshold);

} // namespace clearance::services
