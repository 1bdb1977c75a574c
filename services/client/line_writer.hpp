/// Writes lines to stdout until it is told to stop.
#pragma once

#include <csignal>
#include <string_view>

namespace clearance::services {

/// As long as an object of it exists, SIGINT and SIGTERM are not blocked in the
/// calling thread. For a write that may block for ever: poll() says that a
/// terminal can be written as soon as it takes one byte. watch's handlers end
/// the process.
class stoppable {
public:
  stoppable();
  stoppable(const stoppable&) = delete;
  stoppable& operator=(const stoppable&) = delete;
  ~stoppable();

private:
  sigset_t before_{};
};

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

  /// Writes everything. Waits for a slow reader.
  result write(std::string_view bytes);

private:
  int fd_;
  int stop_fd_;
};

} // namespace clearance::services
