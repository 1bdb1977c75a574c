/// The variables that systemd sets for a process, and the journal: everything
/// for which we use libsystemd. A build without it uses systemd_absent.cpp.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace clearance::services::systemd {

struct passed_socket {
  std::string name; ///< FileDescriptorName=, "unknown" without one
  int fd = -1;      ///< close-on-exec; the caller owns it
};

/// The sockets that systemd opened for this process, in order; often none. The
/// variables are removed, so a second call finds none. Call it before any
/// thread is started. Errors: why, in one phrase. Source:
/// sd_listen_fds_with_names(3).
std::variant<std::vector<passed_socket>, std::string> take_passed_sockets();

/// systemd takes a service for stuck that reports nothing for so long. Nothing:
/// the service need not report. The variables are removed. Call it before any
/// thread is started. Source: sd_watchdog_enabled(3).
std::optional<std::chrono::microseconds> take_watchdog_interval();

/// Whether the journal's socket exists and may be written.
bool has_journal();

/// Writes one entry, `NAME=value` each. False: it was not written.
/// Source: sd_journal_sendv(3).
bool write_to_journal(const std::vector<std::string>& fields);

} // namespace clearance::services::systemd
