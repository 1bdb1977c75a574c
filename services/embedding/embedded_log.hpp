/// The log of our actors in an application.
#pragma once

namespace clearance::embedding {

/// Sends the log to stderr, unless set_log_sink() was called before.
void log_to_stderr_by_default();

} // namespace clearance::embedding
