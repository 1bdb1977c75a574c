/// What a descriptor shows now, whatever a reactor says.
#pragma once

#include <poll.h>

namespace clearance::io {

/// Whether `fd` shows one of poll's `events` now, or an error or a hang-up.
/// To be asked when a wait without a read or write ends: Asio keeps the places
/// of closed descriptors, and an event of one, taken from the kernel before it
/// was closed, ends the wait of the next descriptor in its place. Source:
/// boost/asio/detail/impl/epoll_reactor.ipp of 1.81.
inline bool shows(int fd, short events) noexcept {
  pollfd entry{fd, events, 0};
  return ::poll(&entry, 1, 0) > 0;
}

} // namespace clearance::io
