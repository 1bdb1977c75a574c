/// The thread that actors are hosted on, and what its I/O does for them.
#pragma once

#include "actors/base/connection.hpp"
#include "actors/base/process.hpp"
#include "protocol/base/byte_budget.hpp"
#include "protocol/base/limits.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace clearance::actors {

/// Lines of readers or NUL-ended varlink messages.
enum class framing { lines, varlink };

/// A bound socket. Dropping it closes it and removes its path.
class listener {
public:
  virtual ~listener() = default;

  /// Peers turned away because they are of another uid.
  virtual std::uint64_t refused() const noexcept = 0;
};

struct listen_spec {
  std::string path;
  std::string role; ///< for messages: "reader socket"
  actors::framing framing = framing::varlink;
  /// Of connections at a time; more wait in the kernel's queue.
  std::size_t connections_max = protocol::limits::connections_max;
  /// A descriptor that listens already, for whom `path` is only a name. It is
  /// taken over by listen(). -1: bind `path`.
  int inherited = -1;
  /// For what its connections hold of unfinished and unhandled frames; null:
  /// each keeps its own limits, and that is all.
  protocol::byte_budget_ptr held = nullptr;
};

/// Implemented by io::loop; a double in actor tests. Methods are called on its
/// thread only, but for system() and unit().
class io_host {
public:
  virtual ~io_host() = default;

  virtual caf::actor_system& system() = 0;

  /// Null: hosted actors go to the system's scheduler.
  virtual caf::execution_unit* unit() = 0;

  /// Holds `actor` until it ends: it is never destroyed on another thread.
  virtual void keep(caf::strong_actor_ptr actor) = 0;

  /// Binds, hardened, or takes what is inherited, and listens; `owner` gets
  /// each peer as `accepted`.
  /// Errors: errc::bind_failed with one line that names path, role and cause.
  virtual caf::expected<std::unique_ptr<listener>>
  listen(const listen_spec& spec, listener_owner owner) = 0;

  /// Connects without waiting. The connection has no owner yet.
  /// Errors: errc::connect_failed with the cause.
  virtual caf::expected<connection_ptr> dial(const std::string& path,
                                             framing kind) = 0;

  /// Runs a program; the owner gets one process_ended, later.
  virtual process_ptr run(process_id id, process_spec spec,
                          process_owner owner) = 0;
};

} // namespace clearance::actors
