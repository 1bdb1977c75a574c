#include "services/client/line_writer.hpp"

#include <climits>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <poll.h>
#include <unistd.h>

namespace clearance::services {

namespace {

ssize_t write_stoppably(int fd, std::string_view bytes) {
  ssize_t n = 0;
  int code = 0;
  {
    stoppable now;
    n = ::write(fd, bytes.data(), bytes.size());
    code = errno;
  }
  errno = code;
  return n;
}

} // namespace

stoppable::stoppable() {
  sigset_t stops;
  ::sigemptyset(&stops);
  ::sigaddset(&stops, SIGINT);
  ::sigaddset(&stops, SIGTERM);
  ::pthread_sigmask(SIG_UNBLOCK, &stops, &before_);
}

stoppable::~stoppable() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

// The descriptor is shared with the programs that started us, so it stays
// blocking. A pipe that polls as writable takes PIPE_BUF bytes without blocking
// (pipe(7), "PIPE_BUF"), so that `stop_fd` is seen however slow the reader is.
// A terminal may take less and block.
line_writer::result line_writer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd entries[] = {{fd_, POLLOUT, 0}, {stop_fd_, POLLIN, 0}};
    if (::poll(entries, 2, -1) < 0) {
      if (errno == EINTR)
        continue;
      return result::failed;
    }
    if (entries[1].revents != 0)
      return result::stopped;
    auto size = std::min<std::size_t>(bytes.size(), PIPE_BUF);
    const auto n = write_stoppably(fd_, bytes.substr(0, size));
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno == EPIPE)
      return result::nobody_reads;
    if (errno != EINTR && errno != EAGAIN)
      return result::failed;
  }
  return result::written;
}

} // namespace clearance::services
