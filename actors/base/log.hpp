/// What actors say, for whoever runs them.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

namespace clearance::actors {

/// A notice is what somebody must find later, or asked for: the audit trail,
/// and counters. It is logged whatever the threshold.
enum class severity { debug, info, warning, error, notice };

/// Values must be escaped already where a peer chose them.
struct log_field {
  std::string_view key;
  std::string_view value;
};

/// One line. Views are valid during the call only.
struct log_entry {
  severity level;
  std::string_view component; ///< the actor's name
  std::string_view text;
  std::span<const log_field> fields;
};

/// Called on any thread; must not block for long and must not throw.
using log_sink = void (*)(const log_entry&);

/// Replaces the sink and the least severity that reaches it, for the whole
/// process. Without a sink nothing is logged. Set it before actors start.
void set_log_sink(log_sink sink, severity threshold) noexcept;

/// Whether entries of `level` reach anybody: to save their making.
bool logs(severity level) noexcept;

void log(severity level, std::string_view component, std::string_view text,
         std::span<const log_field> fields);
void log(severity level, std::string_view component, std::string_view text,
         std::initializer_list<log_field> fields = {});

} // namespace clearance::actors
