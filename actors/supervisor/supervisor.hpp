/// All containers of one process.
#pragma once

#include "actors/supervisor/container.hpp"
#include "protocol/supervisor/limits.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>

namespace clearance::actors {

struct supervisor_config {
  io_host* io = nullptr;
  http_host* http = nullptr;
  container_host* containers = nullptr;
  std::unique_ptr<sidecar_source> sidecars; ///< null in tests
  std::shared_ptr<const container_surroundings> around;
  manager_actor manager = {};
  /// Added to the status: what does not work. May be empty.
  std::string caveat = {};
  std::size_t containers_max = protocol::supervisor_limits::containers_max;
  std::size_t sidecars_max = protocol::supervisor_limits::sidecars_max;
};

/// Runs a container for each sidecar, but only one for each id. Ends normally
/// when it was told to stop and all containers have ended. Ends with
/// errc::directory_lost when the directory of sidecars was removed. Its end,
/// for whatever reason, ends all containers.
class supervisor {
public:
  static inline const char* name = "supervisor";
  using interface = supervisor_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<supervisor>;

  supervisor(self_type* self, supervisor_config config);
  supervisor(const supervisor&) = delete;
  supervisor& operator=(const supervisor&) = delete;
  ~supervisor();

  interface::behavior_type make_behavior();

private:
  /// A valid sidecar. The map's key is the file's name.
  struct file {
    sidecar_ptr value;
    protocol::sha256_digest digest{};
    std::string id; ///< the first digits of the container's id
    /// Its container has ended. It is not started again before the file
    /// changes.
    bool ended = false;
  };

  /// The container that has an id, from its start to its end.
  struct slot {
    std::string file;
    protocol::sha256_digest digest{};
    container_actor running; ///< null: it crashed and will be started again
    bool stopping = false;
    protocol::backoff delays;
    bool settled = false; ///< the last value that the container sent
    bool failing = false;
  };

  void on_seen(sidecar_seen& x);
  void on_bad(const sidecar_bad& x) const;
  void on_gone(const sidecar_gone& x);
  void on_read();
  void on_lost(const sidecars_lost& x);
  void on_state(const container_state& x);
  void on_restart(const std::string& id);
  void on_down(const caf::actor_addr& who, const caf::error& why);
  void on_stop();
  void on_report() const;

  void settle(const std::string& id);
  void settle_waiting();
  void wait(const std::string& id, const std::string& file_name);
  void start(slot& x);
  void end_if_done();
  void tell_manager();
  const file* current(const slot& x) const;

  self_type* self_;
  supervisor_config config_;
  std::map<std::string, file> files_;
  std::map<std::string, slot> slots_; ///< the key is the short id
  std::deque<std::string> waiting_;   ///< ids of files that have no slot yet
  bool read_ = false;  ///< all sidecars that were there at the start are known
  bool ready_ = false; ///< the service manager knows that we are ready
  bool stopping_ = false;
};

/// Runs on the I/O thread.
supervisor_actor spawn_supervisor(io_host& io, supervisor_config config);

} // namespace clearance::actors
