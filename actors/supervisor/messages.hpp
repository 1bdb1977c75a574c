/// Many containers in one process: the conversation between the supervisor, its
/// containers and the outside. The supervisor knows hub, executor and gate as
/// wholes.
#pragma once

#include "actors/base/messages.hpp"
#include "actors/executor/messages.hpp"
#include "actors/gate/messages.hpp"
#include "protocol/supervisor/sidecar.hpp"
#include "protocol/text/sha256.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <sys/types.h>

namespace clearance::actors {

// -- sidecars -----------------------------------------------------------------

using sidecar_ptr = std::shared_ptr<const protocol::sidecar>;

/// A file that is whole and good. Seen again when it may have changed.
struct sidecar_seen {
  std::string file; ///< its name in the directory
  sidecar_ptr value;
  protocol::sha256_digest digest{}; ///< of its bytes
};

/// One that is not.
struct sidecar_bad {
  std::string file;
  protocol::sidecar_fault why;
};

/// It is there no more.
struct sidecar_gone {
  std::string file;
};

/// Once: whatever was there at the start has been told.
struct sidecars_read {};

/// Nothing more will be heard of the directory.
struct sidecars_lost {
  std::string why;
};

using sidecar_watcher =
    caf::typed_actor<caf::reacts_to<sidecar_seen>, caf::reacts_to<sidecar_bad>,
                     caf::reacts_to<sidecar_gone>,
                     caf::reacts_to<sidecars_read>,
                     caf::reacts_to<sidecars_lost>>;

/// A directory of sidecars. Its end is silent.
class sidecar_source {
public:
  virtual ~sidecar_source() = default;

  /// `owner` hears of what is there, and then of what changes. Once; on the
  /// host's thread.
  virtual void start(sidecar_watcher owner) = 0;
};

// -- what containers need of the outside, beside host and http_host -----------

/// Once: the process has ended.
struct process_gone {
  pid_t pid = 0;
};

using process_watcher = caf::typed_actor<caf::reacts_to<process_gone>>;

/// Dropping it ends the watch.
class process_watch {
public:
  virtual ~process_watch() = default;
};

struct watched {
  std::unique_ptr<process_watch> value; ///< null: it is not watched
  bool gone = false;                    ///< because there is no such process
  std::string why;                      ///< else
  bool ran_out = false; ///< of descriptors or memory: try again, later
};

/// Methods are called on the I/O thread.
class container_host {
public:
  virtual ~container_host() = default;

  /// Creates a directory that is ours alone. Empty, or why not.
  virtual std::string make_private(const std::string& path) = 0;

  virtual watched watch(pid_t pid, process_watcher owner) = 0;
};

// -- container: the services of one -------------------------------------------

enum class container_part : std::uint8_t { executor, hub, gate };

inline constexpr std::size_t container_parts_count = 3;

/// Its delay is over.
struct restart_part {
  container_part what = container_part::executor;
};

/// How its services are, when that changes.
struct container_state {
  std::string id;       ///< short
  bool settled = false; ///< each of them serves, or has failed at least once
  bool failing = false; ///< one has failed and does not serve yet
};

using container_watcher = caf::typed_actor<caf::reacts_to<container_state>>;

/// An executor itself: what stands between its hub and whoever executes now.
using container_actor = executor_actor::extend<
    // Host: the container's first process.
    caf::reacts_to<process_gone>,
    // Hub, gate: it serves.
    caf::reacts_to<service_state>,
    // Itself.
    caf::reacts_to<restart_part>,
    // Itself: the first process is to be watched still.
    caf::reacts_to<tick_atom>,
    // Supervisor: end everything, then yourself.
    caf::reacts_to<stop_atom>,
    // Supervisor: counters to the log.
    caf::reacts_to<report_atom>>;

// -- supervisor: all of them --------------------------------------------------

/// The container that had crashed may be started again.
struct restart_container {
  std::string id;
};

using supervisor_actor = sidecar_watcher::extend<
    // Itself.
    caf::reacts_to<restart_container>,
    // Container.
    caf::reacts_to<container_state>,
    // Process: SIGTERM.
    caf::reacts_to<stop_atom>,
    // Process: counters to the log.
    caf::reacts_to<report_atom>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::sidecar_seen)
CLEARANCE_MESSAGE(clearance::actors::sidecar_bad)
CLEARANCE_MESSAGE(clearance::actors::sidecar_gone)
CLEARANCE_MESSAGE(clearance::actors::sidecars_read)
CLEARANCE_MESSAGE(clearance::actors::sidecars_lost)
CLEARANCE_MESSAGE(clearance::actors::container_state)
CLEARANCE_MESSAGE(clearance::actors::process_gone)
CLEARANCE_MESSAGE(clearance::actors::restart_part)
CLEARANCE_MESSAGE(clearance::actors::restart_container)
