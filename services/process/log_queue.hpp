/// Log lines that wait to be written, bounded in number and in bytes.
#pragma once

#include "actors/base/log.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace clearance::services {

/// One line on its way to the log.
struct queued_line {
  actors::severity level = actors::severity::info;
  /// When the line was logged. None: the line is shown without time and level.
  std::optional<std::chrono::system_clock::time_point> at = std::nullopt;
  std::string text;                     ///< without an end of line
  std::vector<std::string> fields = {}; ///< `NAME=value`, for the journal alone
};

/// How many lines are lost: nobody can read them any more.
struct lost_lines {
  std::uint64_t all = 0;
  std::uint64_t notices = 0; ///< of `all`: the audit trail, and counters

  friend bool operator==(const lost_lines&, const lost_lines&) = default;
};

/// First in, first out. When the queue is full, a new line takes the place of a
/// waiting line of the lowest severity below its own (debug first, errors
/// last), of several the newest; where there is none, the new line is lost. So
/// a notice is lost only when the queue holds nothing but notices. Lost lines
/// are counted. Bounds: log_limits::queue_max_lines and queue_max_bytes.
class log_queue {
public:
  void push(queued_line x);

  /// The oldest line, or nothing.
  std::optional<queued_line> pop();

  /// Counts a line that is lost for another reason.
  void count_lost(actors::severity level) noexcept;

  /// Counts lines again, because the line with their number was not written.
  void add_lost(const lost_lines& x) noexcept;

  const lost_lines& lost() const noexcept { return lost_; }
  lost_lines take_lost() noexcept;

  std::size_t lines() const noexcept { return lines_; }
  std::size_t bytes() const noexcept { return bytes_; }
  bool empty() const noexcept { return lines_ == 0; }

private:
  struct numbered {
    std::uint64_t number;
    queued_line line;
  };
  using lane = std::deque<numbered>;

  bool make_room(actors::severity level, std::size_t bytes);

  std::array<lane, 5> lanes_; // by severity
  std::uint64_t next_ = 0;
  std::size_t lines_ = 0; // in all lanes
  std::size_t bytes_ = 0; // theirs
  lost_lines lost_;
};

} // namespace clearance::services
