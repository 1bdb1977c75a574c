/// A stream socket as actors see it. Implemented by actors/io; a double in
/// actor tests.
#pragma once

#include "actors/base/message_type.hpp"
#include "protocol/base/framing.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace clearance::actors {

/// Names a connection; never used twice in a process.
using connection_id = std::uint64_t;

/// Who is at the other end. Source: SO_PEERCRED, at connect time.
struct peer {
  uid_t uid = 0;
  pid_t pid = 0;
  std::string command; ///< /proc/<pid>/comm, escaped; empty when it is gone
  bool host = false;   ///< the program we are embedded in, and no socket
};

/// Why a connection brings no more.
enum class stream_end {
  none,     ///< it goes on
  eof,      ///< the peer shut down its writing side; it may still read
  broken,   ///< reset, or an error of the socket
  too_long, ///< a message beyond the limit: close
  no_room,  ///< an unfinished message, when all hold too much: close
};

/// What one read() brought.
struct received {
  connection_id from = 0;
  std::shared_ptr<const protocol::frame_batch> frames; ///< maybe empty
  std::uint64_t overlong = 0; ///< too long lines dropped since the last one
  stream_end end = stream_end::none;
  std::uint64_t starved = 0; ///< long lines dropped for want of room
};

/// Once for each await_writable().
struct writable {
  connection_id from = 0;
};

/// The peer is gone altogether. Only while watched.
struct hung_up {
  connection_id from = 0;
};

using connection_owner =
    caf::typed_actor<caf::reacts_to<received>, caf::reacts_to<writable>,
                     caf::reacts_to<hung_up>>;

/// How far a write came. `broken`: the peer is gone, nothing will go any more.
struct written {
  std::size_t bytes = 0;
  bool broken = false;
};

/// Methods are called on the I/O thread only.
class connection {
public:
  virtual ~connection() = default;

  virtual connection_id id() const noexcept = 0;
  virtual const peer& who() const noexcept = 0;

  /// Whose messages these are from now on; the former owner hears no more.
  /// Messages that are on their way already still arrive there.
  virtual void own(connection_owner owner) = 0;

  /// Closes at once. The owner hears no more and is let go; whoever owns a
  /// connection closes it.
  virtual void close() noexcept = 0;

  /// Reads on. The owner gets one `received` with at least a frame or an end.
  /// One at a time; nothing is read between.
  virtual void read() = 0;

  /// Waits for the peer to leave altogether, reading nothing: `hung_up`.
  virtual void watch() = 0;

  /// Writes what the socket takes now, in one system call; never blocks.
  virtual written write(std::span<const std::string_view> pieces) = 0;

  /// The owner gets one `writable` when the socket takes bytes again, or when
  /// it broke.
  virtual void await_writable() = 0;
};

using connection_ptr = std::shared_ptr<connection>;

/// A new peer, already checked to be of our uid. Owned by nobody yet.
struct accepted {
  connection_ptr value;
};

using listener_owner = caf::typed_actor<caf::reacts_to<accepted>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::received)
CLEARANCE_MESSAGE(clearance::actors::writable)
CLEARANCE_MESSAGE(clearance::actors::hung_up)
CLEARANCE_MESSAGE(clearance::actors::accepted)
