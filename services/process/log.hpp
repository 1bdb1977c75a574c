/// Where the actors' log goes: to the journal when stderr is that, else to
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
/// stands in double quotes when it holds a space, a quote, `=`, a backslash or
/// what is no printable ASCII; inside them a quote is `\"`, and what
/// protocol::escaped() wrote stays as it is. A field without a value is not
/// shown.
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

/// Bounds a process's lines, see limits::log_max_lines_in_all: what a peer does
/// a thousand times a second does not drown what others do.
class line_bound {
public:
  /// How many lines were left out since the last one that was not; none: leave
  /// this one out, too.
  std::optional<std::uint64_t> admit(actors::severity level,
                                     protocol::time_point now) noexcept;

private:
  void refill(protocol::time_point now) noexcept;

  std::size_t room_ = protocol::limits::log_burst_max_lines; ///< at most that
  protocol::time_point filled_{};
  std::uint64_t withheld_ = 0;
  actors::log_limiter errors_; // a bound of their own
};

/// Sends the actors' log to stderr from now on. When that is the journal, each
/// line becomes an entry with fields; where entries cannot be written, lines
/// carry its priorities and no time of their own. Lines are queued and nobody
/// waits for who reads them, see log_writer. What ends the process by
/// std::terminate() is said, too. For a program's start; the second call
/// changes the threshold alone. Source: sd-daemon(3).
void log_to_stderr(log_level threshold);

/// Starts the thread that writes, under the sandbox that the caller is under;
/// until then lines are queued. After log_to_stderr(). False: errno says why
/// there is no thread.
bool start_log_writer();

/// Before the process ends: waits until all lines are written, at most
/// log_limits::flush_max, and not a second time for a reader that did not read.
void flush_log();

/// Why a program ends: one line on stderr, `PROGRAM: WHAT`; to the journal as
/// an error. Waits as flush_log() does.
void print_fault(const std::string& program, const std::string& what);

} // namespace clearance::services
