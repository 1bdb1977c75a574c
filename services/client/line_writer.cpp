#include "services/client/line_writer.hpp"

#include <climits>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <poll.h>
#include <unistd.h>

namespace clearance::services {

// The descriptor is shared with whoever started us and stays blocking. But a
// pipe or terminal that polls as writable takes PIPE_BUF bytes without
// blocking, so a signal is seen however slow the reader is.
// Source: pipe(7), "PIPE_BUF".
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
    auto n = ::write(fd_, bytes.data(), size);
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
