/// The I/O host: the thread that runs hosted actors, and the I/O that it does
/// for them.
#pragma once

#include "actors/base/connection.hpp"
#include "actors/base/process.hpp"
#include "protocol/base/byte_budget.hpp"
#include "protocol/base/limits.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace clearance::actors {

/// How bytes are cut into messages: lines of readers, or varlink messages that
/// end with a NUL.
enum class framing { lines, varlink };

/// A bound socket. Its destructor closes the socket and removes its path.
class listener {
public:
  virtual ~listener() = default;

  /// How many peers were turned away because they have another uid.
  virtual std::uint64_t refused() const noexcept = 0;

  /// Why the socket's path does not lead to it: somebody removed or replaced
  /// the file, and it could not be bound again. Empty: it does.
  virtual std::string trouble() const { return {}; }
};

struct listen_spec {
  std::string path;
  std::string role; ///< names the socket in log texts: "reader socket"
  actors::framing framing = framing::varlink;
  /// Connections that may be open at a time. More wait in the kernel's queue.
  std::size_t connections_max = protocol::limits::connections_max;
  /// A descriptor that already listens, which listen() takes over; `path` is
  /// then only a name for log texts. -1: bind `path`.
  int inherited = -1;
  /// The memory that this socket's connections share for unfinished and
  /// unhandled frames. Null: no limit but that of each connection.
  protocol::byte_budget_ptr held = nullptr;
  /// Called on the I/O host's thread when listener::trouble() has changed. May
  /// be empty.
  std::function<void()> on_trouble = {};
  /// For an inherited socket: the command that opens it again. May be empty.
  std::string repair = {};
};

/// Implemented by io::loop; actor tests use a fake. All methods except system()
/// and unit() are called on the I/O host's thread only.
class io_host {
public:
  virtual ~io_host() = default;

  virtual caf::actor_system& system() = 0;

  /// Null: hosted actors are run by the system's scheduler.
  virtual caf::execution_unit* unit() = 0;

  /// Keeps a handle of `actor` until it ends, so that it is never destroyed on
  /// another thread.
  virtual void keep(caf::strong_actor_ptr actor) = 0;

  /// Binds a socket as clearance.md, section 1 says, or takes over an inherited
  /// one, and listens. `owner` gets an `accepted` for each peer. Errors:
  /// errc::bind_failed with one line that names path, role and cause.
  virtual caf::expected<std::unique_ptr<listener>>
  listen(const listen_spec& spec, listener_owner owner) = 0;

  /// Connects without waiting. The connection has no owner yet. Errors:
  /// errc::connect_failed with the cause.
  virtual caf::expected<connection_ptr> dial(const std::string& path,
                                             framing kind) = 0;

  /// Runs a program. The owner later gets one process_ended.
  virtual process_ptr run(process_id id, process_spec spec,
                          process_owner owner) = 0;
};

} // namespace clearance::actors
