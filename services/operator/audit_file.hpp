/// The files of one audit trail: opened, locked, written and rotated. Source:
/// operator.md, sections 5 and 8.
#pragma once

#include "actors/base/wall_clock.hpp"
#include "actors/io/base/unique_fd.hpp"
#include "protocol/operator/audit_chain.hpp"
#include "protocol/operator/audit_record.hpp"
#include "protocol/operator/limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace clearance::services {

struct audit_file_config {
  std::string path; ///< absolute
  /// These three are in the records.
  std::string hub = "hub";
  std::string boot = {};
  std::string version = CLEARANCE_VERSION;
  std::size_t file_max_bytes = protocol::operator_limits::audit_file_max_bytes;
  std::size_t files_max = protocol::operator_limits::audit_files_max;
  std::chrono::seconds retention = protocol::operator_limits::audit_retention;
  std::function<std::int64_t()> wall_clock = actors::wall_clock_now;
};

/// Why the trail cannot be opened: a phrase that names the file.
struct audit_fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What became of records that were to be written.
struct audit_result {
  bool is_written = false; ///< they are in the file and must not come again
  std::string why;         ///< what failed; empty: nothing
};

/// Used on one thread. All functions wait for the disk.
///
/// The files: PATH is written. PATH.NNNNNNNNNNNN are ended ones; the number is
/// that of the last line. PATH.torn has what was cut off from lines. PATH.lock
/// is locked as long as this object lives.
class audit_file {
public:
  /// Opens the files and goes on with the chain that they hold. A last line
  /// that was cut off is moved to PATH.torn. Nothing is recorded yet: the first
  /// write() also records that the hub started. Throws audit_fault.
  explicit audit_file(audit_file_config config);

  /// Appends the records, all or none, and rotates before if they would make
  /// the file too large. `is_synced`: they have reached the disk at the return.
  audit_result write(std::span<const protocol::audit_record> records,
                     bool is_synced);

  /// If another program renamed or removed the file, makes a new one and goes
  /// on there. Returns why that failed, or an empty text.
  std::string reopen();

  /// Removes ended files that are too many or too old. Each removal is recorded
  /// before.
  void tend();

  const std::string& path() const noexcept { return config_.path; }

private:
  void lock();
  void resume();
  void settle_torn_line(std::string_view torn, std::size_t size);
  io::unique_fd open_file() const;
  protocol::audit_record record_of(protocol::audit_event what,
                                   std::string text) const;
  std::string encode(std::span<const protocol::audit_record> records);
  std::string append(std::string_view bytes);
  std::string rotate();

  audit_file_config config_;
  std::string directory_;
  std::string name_;
  io::unique_fd lock_;
  io::unique_fd fd_;
  protocol::audit_chain chain_;
  std::size_t rotate_at_;
  /// Records of our own that come before those of the next write().
  std::vector<protocol::audit_record> own_;
};

/// The files of the trail at `path`: the ended ones and the one that is
/// written, the oldest first by their first line. Also finds the names that
/// logrotate gives (PATH.1, PATH-20270101). Lock and torn lines are left out.
/// Throws audit_fault if a directory cannot be read.
std::vector<std::string> audit_files_of(const std::string& path);

} // namespace clearance::services
