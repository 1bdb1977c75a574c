/// The decisions that an audit trail holds of before the hub's start.
#pragma once

#include "protocol/operator/limits.hpp"
#include "protocol/operator/prompt.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace clearance::services {

/// How much is read for them.
struct past_limits {
  std::size_t decisions = protocol::operator_limits::history_max_decisions;
  std::size_t bytes = protocol::operator_limits::history_read_max_bytes;
  std::chrono::milliseconds time =
      protocol::operator_limits::history_read_deadline;
};

struct trail_past {
  /// The newest ones that were found, the oldest first. Their seq grows.
  std::vector<protocol::decision> decisions;
  std::size_t bytes = 0; ///< that were read
  /// What is wrong with the first bad line from the end, and where; empty:
  /// nothing. Reading goes on behind it.
  std::string fault;
  /// Why there may be more decisions than these, if a limit or a file that
  /// cannot be read ended the reading; empty: there are not.
  std::string cut_by;
};

/// Reads the files of the trail at `path` from the end on, whoever writes them
/// at this moment. Records of the hub's life `boot` are left out; empty: none
/// is. Waits for the disk. Throws std::bad_alloc alone.
trail_past read_trail_past(const std::string& path, const std::string& boot,
                           const past_limits& limits = {});

} // namespace clearance::services
