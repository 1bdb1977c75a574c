/// Where the actors' log goes: stderr, in the journal's form under systemd.
#pragma once

#include "actors/log.hpp"
#include "services/log_level.hpp"

#include <string>

namespace clearance::services {

/// `component: text key=value key="two words"`, without an end of line. A value
/// stands in double quotes when it holds a space, a quote, `=`, a backslash or
/// what is no printable ASCII; inside them a quote is `\"`, and what
/// protocol::escaped() wrote stays as it is. A field without a value is not
/// shown.
std::string log_line(const actors::log_entry& x);

/// Sends the actors' log to stderr from now on. When stderr is the journal,
/// lines carry its priorities and no time of their own. For a program's start.
/// Source: sd-daemon(3), systemd.exec(5) on JOURNAL_STREAM.
void log_to_stderr(log_level threshold);

} // namespace clearance::services
