/// The services of one container: starts them, watches them, and starts them
/// again.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/base/log.hpp"
#include "actors/gate/http_port.hpp"
#include "actors/supervisor/container_parts.hpp"
#include "actors/supervisor/messages.hpp"
#include "protocol/base/backoff.hpp"

#include <caf/actor_addr.hpp>
#include <caf/error.hpp>
#include <caf/result.hpp>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::actors {

/// Which services a container runs in this process.
enum class container_share : std::uint8_t {
  everything,
  /// The executor, reached through the socket of a verdict helper. Hub and gate
  /// run in processes of their own.
  verdicts,
};

struct container_config {
  io_host* io = nullptr;
  http_host* http = nullptr;
  container_host* containers = nullptr;
  sidecar_ptr sidecar; ///< its container_id is not empty
  std::shared_ptr<const container_surroundings> around;
  container_watcher watcher = {}; ///< null: no actor gets the state
  container_share share = container_share::everything;
};

/// Ends normally when it was told to stop, or when the container's first
/// process has ended. It ends its parts first if it can; its own end always
/// ends them. See container.cpp.
class container {
public:
  static inline const char* name = "container";
  using interface = container_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<container>;

  container(self_type* self, container_config config);
  container(const container&) = delete;
  container& operator=(const container&) = delete;
  ~container();

  interface::behavior_type make_behavior();

private:
  enum class condition : std::uint8_t { starting, serving, failing };

  struct part {
    caf::strong_actor_ptr running; ///< null: it does not run now
    protocol::backoff delays;
    std::string why_not = {}; ///< why it cannot start, as it was said
    condition is = condition::starting;
  };

  caf::result<protocol::shield_outcome> on_call(protocol::shield_call& x);
  caf::result<shield_abilities_answer> on_abilities();
  void on_process_gone();
  void on_state(const service_state& x);
  void on_restart(container_part what);
  void on_down(const caf::actor_addr& who, const caf::error& why);
  void on_stop();
  void on_report() const;

  bool begin();
  bool watch_init();
  void on_tick();
  void start(container_part what);
  bool make_private(container_part what,
                    std::initializer_list<std::string> paths);
  caf::strong_actor_ptr start_executor();
  caf::strong_actor_ptr start_hub();
  caf::strong_actor_ptr start_helper();
  caf::strong_actor_ptr start_gate();
  void failed(container_part what, std::string_view why);
  void cannot_start(container_part what, const std::string& why);
  std::string try_later(container_part what);
  void became(container_part what, condition is);
  void tell(severity level, std::string_view text,
            std::string_view service = {}, std::string_view why = {},
            std::string_view again_in = {}) const;
  bool serves() const;
  void end_if_done();
  part& at(container_part what);

  self_type* self_;
  container_config config_;
  protocol::container_paths paths_;
  std::string id_; ///< the first digits of the container's id
  /// why the gate is never started although the sidecar asks for one
  std::optional<protocol::sidecar_fault> gate_fault_;
  std::unique_ptr<process_watch> init_;
  bool told_unwatched_ = false;
  std::array<part, container_parts_count> parts_;
  executor_actor executor_; ///< null while it does not run
  service_actor hub_;
  gate_actor gate_;
  bool stopping_ = false;
  container_state told_; ///< the state that the watcher got last
};

/// Runs on the I/O thread.
container_actor spawn_container(io_host& io, container_config config);

} // namespace clearance::actors
