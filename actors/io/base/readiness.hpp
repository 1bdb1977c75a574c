/// Asks the kernel what a descriptor is ready for now, independently of Asio.
#pragma once

#include <poll.h>

namespace clearance::io {

/// Whether `fd` is now ready for one of poll's `events`, or has an error or a
/// hang-up. Ask this when a wait that neither reads nor writes has ended,
/// because Asio may end such a wait by mistake: it reuses its records of closed
/// descriptors, and an event that the kernel reported before a descriptor was
/// closed ends the wait of the next descriptor that has the same record.
/// Source: boost/asio/detail/impl/epoll_reactor.ipp of 1.81.
inline bool shows(int fd, short events) noexcept {
  pollfd entry{fd, events, 0};
  return ::poll(&entry, 1, 0) > 0;
}

} // namespace clearance::io
