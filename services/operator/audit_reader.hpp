/// Reads the files of audit trails, line by line.
#pragma once

#include "protocol/operator/audit_record.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::services {

/// Which records somebody wants to see. Empty texts: all.
struct audit_filter {
  std::int64_t since = 0; ///< microseconds since the epoch
  std::int64_t until = std::numeric_limits<std::int64_t>::max();
  std::string container;
  std::string target;
  /// The kind of the decider (`operator`, `policy`, `application`), its uid,
  /// the name of its program, or the name that it gave itself.
  std::string by;

  friend bool operator==(const audit_filter&, const audit_filter&) = default;
};

bool matches(const audit_filter& filter, const protocol::audit_line& x);

/// The files of one trail, the oldest first.
struct audit_trail_files {
  std::string path; ///< of the file that is written now
  std::vector<std::string> files;
};

/// The trails at `paths`: all of a directory, or the one of a file. Throws
/// audit_fault if a path cannot be read.
std::vector<audit_trail_files>
find_audit_trails(const std::vector<std::string>& paths);

/// One line of a file, without its end.
struct audit_place_in_file {
  std::string_view text;
  std::size_t number = 0; ///< from 1 on
  bool is_whole = true;   ///< false: it has no end; a hub may write it just now
};

/// Calls `take` for each line of `file`. Throws audit_fault if it cannot be
/// read.
void read_audit_file(
    const std::string& file,
    const std::function<void(const audit_place_in_file&)>& take);

/// Whether a hub writes the trail at `path` at this moment.
bool is_being_written(const std::string& path);

} // namespace clearance::services
