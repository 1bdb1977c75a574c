/// A stream socket as actors see it. Implemented by actors/io; actor tests use
/// a fake.
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

/// Identifies a connection. A number is never used twice in a process.
using connection_id = std::uint64_t;

/// The process at the other end. Source: SO_PEERCRED, which tells who it was at
/// connect time.
struct peer {
  uid_t uid = 0;
  pid_t pid = 0;
  /// /proc/<pid>/comm, escaped; empty if the process is gone
  std::string command;
  /// it is the application that embeds us: there is no socket
  bool application = false;
};

/// Why no more messages come from a connection.
enum class stream_end {
  none,     ///< the connection goes on
  eof,      ///< the peer shut down its writing side; it may still read
  cut_off,  ///< the same, and the peer's last message has no end
  broken,   ///< the connection was reset, or the socket has an error
  too_long, ///< a message is longer than the limit: close the connection
  /// the memory that all connections share is used up and this message is
  /// incomplete: close the connection
  no_room,
};

/// What one read() brought.
struct received {
  connection_id from = 0;
  /// the messages; may be null
  std::shared_ptr<const protocol::frame_batch> frames;
  /// lines dropped since the last `received` because they were too long
  std::uint64_t overlong = 0;
  stream_end end = stream_end::none;
  /// long lines dropped because the shared memory was used up
  std::uint64_t starved = 0;
};

/// Sent once for each await_writable().
struct writable {
  connection_id from = 0;
};

/// The peer has closed the connection completely. Sent only after watch().
struct hung_up {
  connection_id from = 0;
};

using connection_owner =
    caf::typed_actor<caf::reacts_to<received>, caf::reacts_to<writable>,
                     caf::reacts_to<hung_up>>;

/// The result of a write. `broken`: the peer is gone, and nothing can be
/// written any more.
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

  /// Sends the connection's messages to `owner` from now on, and none to the
  /// owner before. Messages that were sent before still arrive at the old
  /// owner.
  virtual void own(connection_owner owner) = 0;

  /// Closes the connection at once. The owner gets no more messages, and the
  /// connection drops its handle of the owner. The owner of a connection must
  /// close it.
  virtual void close() noexcept = 0;

  /// Reads once. The owner gets one `received`, with at least one frame or an
  /// end. Only one read may be under way; without a call nothing is read.
  virtual void read() = 0;

  /// Waits, without reading, until the peer has closed the connection
  /// completely; then the owner gets `hung_up`.
  virtual void watch() = 0;

  /// Writes as much as the socket takes now, with one system call. Never
  /// blocks.
  virtual written write(std::span<const std::string_view> pieces) = 0;

  /// The owner gets one `writable` when the socket takes bytes again, or when
  /// the connection breaks.
  virtual void await_writable() = 0;
};

using connection_ptr = std::shared_ptr<connection>;

/// A new connection. Its peer has our uid: that was checked. It has no owner
/// yet.
struct accepted {
  connection_ptr value;
};

using listener_owner = caf::typed_actor<caf::reacts_to<accepted>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::received)
CLEARANCE_MESSAGE(clearance::actors::writable)
CLEARANCE_MESSAGE(clearance::actors::hung_up)
CLEARANCE_MESSAGE(clearance::actors::accepted)
