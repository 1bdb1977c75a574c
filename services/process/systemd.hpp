/// What systemd leaves a process in its environment, and its journal: all that
/// is asked of libsystemd. A build without it has systemd_absent.cpp instead.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace clearance::services::systemd {

struct passed_socket {
  std::string name; ///< FileDescriptorName=, "unknown" without one
  int fd = -1;      ///< close-on-exec; the caller's
};

/// What was opened for this process, in order, mostly nothing. The environment
/// says nothing of it any more, so the second call finds nothing: before any
/// thread is started. Errors: why, in one phrase.
/// Source: sd_listen_fds_with_names(3).
std::variant<std::vector<passed_socket>, std::string> take_passed_sockets();

/// A service that says nothing for so long is taken for stuck; none: it may
/// sleep. The environment says nothing of it any more. Before any thread is
/// started. Source: sd_watchdog_enabled(3).
std::optional<std::chrono::microseconds> take_watchdog_interval();

/// Whether entries can be written to the journal.
bool has_journal();

/// One entry, `NAME=value` each. False: it was not taken.
/// Source: sd_journal_sendv(3).
bool write_to_journal(const std::vector<std::string>& fields);

} // namespace clearance::services::systemd
