/// Log entries of actors. The program that runs the actors writes them.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

namespace clearance::actors {

/// A notice is always logged, whatever the threshold: the audit trail, and
/// counters that somebody asked for.
enum class severity { debug, info, warning, error, notice };

/// Whoever logs must escape a value that a peer chose.
struct log_field {
  std::string_view key;
  std::string_view value;
};

/// One log line. The views are valid during the call only.
struct log_entry {
  severity level;
  std::string_view component; ///< the actor's name
  std::string_view text;
  std::span<const log_field> fields;
};

/// Called on any thread. Must not block for long and must not throw.
using log_sink = void (*)(const log_entry&);

/// Sets the sink and the lowest severity that reaches it, for the whole
/// process. Without a sink nothing is logged. Call it before actors start.
void set_log_sink(log_sink sink, severity threshold) noexcept;

/// Whether entries of `level` are logged. If not, the caller need not build
/// them.
bool logs(severity level) noexcept;

void log(severity level, std::string_view component, std::string_view text,
         std::span<const log_field> fields);
void log(severity level, std::string_view component, std::string_view text,
         std::initializer_list<log_field> fields = {});

} // namespace clearance::actors
