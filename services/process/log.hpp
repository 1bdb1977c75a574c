/// Writes the actors' log: to the journal if stderr leads there, otherwise to
/// stderr.
#pragma once

#include "actors/base/log.hpp"
#include "actors/base/log_limiter.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/base/time.hpp"
#include "services/process/log_level.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::services {

/// `component: text key=value key="two words"`, without an end of line. A value
/// is put in double quotes if it has a space, a quote, `=`, a backslash or a
/// byte that is not printable ASCII; a quote inside becomes `\"`, and what
/// protocol::escaped() wrote stays as it is. A field without a value is left
/// out.
std::string log_line(const actors::log_entry& x);

/// The same as an entry of the journal, `NAME=value` each: PRIORITY; MESSAGE,
/// the whole line; SYSLOG_IDENTIFIER; TEROK_COMPONENT; and each field that has
/// a value: `container` as CONTAINER, `request_id` as REQUEST_ID, `other` as
/// TEROK_OTHER. Source: systemd.journal-fields(7).
std::vector<std::string> journal_fields(const actors::log_entry& x,
                                        std::string_view identifier);

/// Whether `stream`, the value of JOURNAL_STREAM or null, says that `fd` leads
/// to the journal. Source: systemd.exec(5).
bool leads_to_journal(const char* stream, int fd);

/// Bounds the lines of a process, see limits::log_max_lines_in_all: the lines
/// about one busy peer must not hide the lines about others.
class line_bound {
public:
  /// How many lines were left out since the last line that was admitted.
  /// Nothing: leave this line out, too.
  std::optional<std::uint64_t> admit(actors::severity level,
                                     protocol::time_point now) noexcept;

private:
  void refill(protocol::time_point now) noexcept;

  std::size_t room_ = protocol::limits::log_burst_max_lines; ///< at most that
  protocol::time_point filled_{};
  std::uint64_t withheld_ = 0;
  actors::log_limiter errors_; // a bound of their own
};

/// Sends the actors' log to stderr from now on. If stderr leads to the journal,
/// each line becomes an entry with fields; if entries cannot be written, lines
/// have a priority for the journal and no time. Lines are queued, and nobody
/// waits for the reader of the log, see log_writer. std::terminate() logs why
/// it was called. Call it when the program starts; a second call changes only
/// the threshold. Source: sd-daemon(3).
void log_to_stderr(log_level threshold);

/// Starts the thread that writes; it has the sandbox of the caller. Until then
/// lines are queued. Call it after log_to_stderr(). False: there is no thread,
/// and errno says why.
bool start_log_writer();

/// Call it before the process ends. Waits until all lines are written, at most
/// log_limits::flush_max; if the log was not read in that time, not again.
void flush_log();

/// Writes why a program ends: one line on stderr, `PROGRAM: WHAT`; an error in
/// the journal. Waits as flush_log() does.
void print_fault(const std::string& program, const std::string& what);

} // namespace clearance::services
