/// Messages between the supervisor, its containers, and the I/O that they need.
/// They are here and not beside the hub's messages because they name hub,
/// executor and gate as wholes.
#pragma once

#include "actors/base/messages.hpp"
#include "actors/executor/messages.hpp"
#include "actors/gate/messages.hpp"
#include "protocol/supervisor/container_list.hpp"
#include "protocol/supervisor/sidecar.hpp"
#include "protocol/text/sha256.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace clearance::actors {

// -- sidecars -----------------------------------------------------------------

using sidecar_ptr = std::shared_ptr<const protocol::sidecar>;

/// A file that is complete and valid. Sent again when the file may have
/// changed.
struct sidecar_seen {
  std::string file; ///< its name in the directory
  sidecar_ptr value;
  protocol::sha256_digest digest{}; ///< digest of its bytes
};

/// A file that is not valid.
struct sidecar_bad {
  std::string file;
  protocol::sidecar_fault why;
};

/// A file that has vanished.
struct sidecar_gone {
  std::string file;
};

/// Sent once: all files that were there at the start have been reported.
struct sidecars_read {};

/// The directory was removed. Nothing more will be reported.
struct sidecars_lost {
  std::string why;
};

using sidecar_watcher =
    caf::typed_actor<caf::reacts_to<sidecar_seen>, caf::reacts_to<sidecar_bad>,
                     caf::reacts_to<sidecar_gone>,
                     caf::reacts_to<sidecars_read>,
                     caf::reacts_to<sidecars_lost>>;

/// Watches a directory of sidecars. Its destructor ends the watch without a
/// message.
class sidecar_source {
public:
  virtual ~sidecar_source() = default;

  /// Sends to `owner` what is there, and then every change. Call it once, on
  /// the I/O thread.
  virtual void start(sidecar_watcher owner) = 0;
};

// -- which containers run -----------------------------------------------------

/// All containers that run now. Sent at the start and after each change.
struct containers_listed {
  std::vector<protocol::listed_container> running;
};

/// The list could not be read. The lister tries again.
struct containers_unlisted {
  std::string why;
};

using container_list_owner =
    caf::typed_actor<caf::reacts_to<containers_listed>,
                     caf::reacts_to<containers_unlisted>>;

/// Follows which containers run. Its destructor ends that without a message.
class container_lister {
public:
  virtual ~container_lister() = default;

  /// Call it once, on the I/O thread.
  virtual void start(container_list_owner owner) = 0;
};

using running_sidecars_actor = caf::typed_actor<
    caf::reacts_to<sidecar_seen>, caf::reacts_to<sidecar_bad>,
    caf::reacts_to<sidecar_gone>, caf::reacts_to<sidecars_read>,
    caf::reacts_to<sidecars_lost>, caf::reacts_to<containers_listed>,
    caf::reacts_to<containers_unlisted>>;

// -- what containers need beside the I/O host and http_host -------------------

/// Sent once: the process has ended.
struct process_gone {
  pid_t pid = 0;
};

using process_watcher = caf::typed_actor<caf::reacts_to<process_gone>>;

/// The destructor ends the watch.
class process_watch {
public:
  virtual ~process_watch() = default;
};

struct watched {
  std::unique_ptr<process_watch> value; ///< null: the process is not watched
  bool gone = false;    ///< the reason: there is no such process
  std::string why;      ///< any other reason
  bool ran_out = false; ///< descriptors or memory ran out: try again later
};

using service_child_id = std::uint64_t;

/// Sent once: a program that run_service() started has ended.
struct service_child_ended {
  service_child_id id = 0;
  bool clean = false; ///< with exit code 0
  std::string why;    ///< `exit code 1`, `signal 9`
};

using service_child_owner =
    caf::typed_actor<caf::reacts_to<service_child_ended>>;

/// A program that serves until it is told to end. The destructor kills it and
/// what it started; then no service_child_ended is sent.
class service_child {
public:
  virtual ~service_child() = default;

  /// Sends SIGTERM.
  virtual void end() = 0;

  /// Sends SIGHUP.
  virtual void reload() = 0;
};

/// What SIGHUP does to a program that was just started.
enum class at_hangup : std::uint8_t {
  end,  ///< it ends, as every program does that says nothing else
  wait, ///< the signal waits until the program takes it
};

/// The result of starting a program.
struct started_child {
  std::unique_ptr<service_child> value; ///< null: it was not started
  std::string why;                      ///< the reason
};

/// Methods are called on the I/O thread.
class container_host {
public:
  virtual ~container_host() = default;

  /// Makes a directory that only our uid can access. If the directory is there
  /// and ours, it is closed to others. Returns an empty text, or why it failed.
  virtual std::string make_private(const std::string& path) = 0;

  /// Sees to it that the hooks of a gate are in its directory of hooks; they
  /// run `program`. Logs what is wrong.
  virtual void settle_hooks(const std::string& directory,
                            const std::string& program) = 0;

  /// Logs a warning, later, if lock files that a killed git has left lie in a
  /// repository.
  virtual void look_for_locks(const std::string& repository) = 0;

  virtual watched watch(pid_t pid, process_watcher owner) = 0;

  /// Starts a program with our environment. Its stdout and stderr are our
  /// stderr. Its name is looked for like that of process_spec. It is killed
  /// when this process ends.
  virtual started_child run_service(service_child_id id,
                                    const std::vector<std::string>& argv,
                                    service_child_owner owner,
                                    at_hangup hangup = at_hangup::end) = 0;
};

// -- container: the services of one container ---------------------------------

enum class container_part : std::uint8_t { executor, hub, gate };

inline constexpr std::size_t container_parts_count = 3;

/// The restart delay of this part is over.
struct restart_part {
  container_part what = container_part::executor;
};

/// The state of a container's services. Sent when it changes.
struct container_state {
  std::string id;       ///< the first digits of the container's id
  bool settled = false; ///< each service serves, or has failed at least once
  bool failing = false; ///< a service has failed and does not serve yet
  bool serving = false; ///< hub or gate takes connections
};

using container_watcher = caf::typed_actor<caf::reacts_to<container_state>>;

/// A container is an executor, too: its hub sends calls to it, and the
/// container passes them to the executor that runs at the moment.
using container_actor = executor_actor::extend<
    // From the I/O host: the container's first process has ended.
    caf::reacts_to<process_gone>,
    // From hub and gate: the service is ready.
    caf::reacts_to<service_state>,
    // From itself.
    caf::reacts_to<restart_part>,
    // From itself: watching the first process is tried again.
    caf::reacts_to<tick_atom>,
    // From the supervisor: end all parts, then yourself.
    caf::reacts_to<stop_atom>,
    // From the supervisor: write your counters to the log.
    caf::reacts_to<report_atom>>;

// -- parent: one container, also with services of other programs --------------

/// A container that crashed may be started again.
struct restart_container {
  std::string id;
};

/// The restart delay of this delegated service is over.
struct restart_delegate {
  std::uint64_t index = 0;
};

/// Have the services of other processes read their settings again.
using reload_atom = caf::atom_constant<caf::atom("reload")>;

using parent_actor = container_watcher::extend<
    // From the I/O host: a program has ended.
    caf::reacts_to<service_child_ended>,
    // From itself.
    caf::reacts_to<restart_delegate>,
    // From itself: the container's services are started again.
    caf::reacts_to<restart_container>,
    // From itself: what watches the container is started again.
    caf::reacts_to<tick_atom>,
    // From the process: SIGTERM.
    caf::reacts_to<stop_atom>,
    // From the process: SIGHUP.
    caf::reacts_to<reload_atom>,
    // From itself: services had enough time to end.
    caf::reacts_to<late_atom>,
    // From the process: write your counters to the log.
    caf::reacts_to<report_atom>>;

// -- supervisor: all containers -----------------------------------------------

using supervisor_actor = sidecar_watcher::extend<
    // From itself.
    caf::reacts_to<restart_container>,
    // From a container.
    caf::reacts_to<container_state>,
    // From the process: SIGTERM.
    caf::reacts_to<stop_atom>,
    // From the process: write your counters to the log.
    caf::reacts_to<report_atom>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::sidecar_seen)
CLEARANCE_MESSAGE(clearance::actors::sidecar_bad)
CLEARANCE_MESSAGE(clearance::actors::sidecar_gone)
CLEARANCE_MESSAGE(clearance::actors::sidecars_read)
CLEARANCE_MESSAGE(clearance::actors::sidecars_lost)
CLEARANCE_MESSAGE(clearance::actors::containers_listed)
CLEARANCE_MESSAGE(clearance::actors::containers_unlisted)
CLEARANCE_MESSAGE(clearance::actors::container_state)
CLEARANCE_MESSAGE(clearance::actors::process_gone)
CLEARANCE_MESSAGE(clearance::actors::service_child_ended)
CLEARANCE_MESSAGE(clearance::actors::restart_part)
CLEARANCE_MESSAGE(clearance::actors::restart_delegate)
CLEARANCE_MESSAGE(clearance::actors::restart_container)
