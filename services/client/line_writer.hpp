/// Lines to stdout, without ever being deaf to the order to stop.
#pragma once

#include <string_view>

namespace clearance::services {

class line_writer {
public:
  enum class result {
    written,
    stopped,      ///< `stop_fd` became readable first
    nobody_reads, ///< the other end of a pipe or terminal is gone
    failed,       ///< errno says why
  };

  /// Borrows both descriptors. SIGPIPE must be ignored.
  line_writer(int fd, int stop_fd) noexcept : fd_(fd), stop_fd_(stop_fd) {}

  int fd() const noexcept { return fd_; }

  /// Writes everything, waiting for a reader that is slow.
  result write(std::string_view bytes);

private:
  int fd_;
  int stop_fd_;
};

} // namespace clearance::services
