#include "services/clearance/serve_verdict.hpp"

#include "actors/executor/shield_executor.hpp"
#include "actors/hub/verdict_helper.hpp"
#include "services/process/activation.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/inheritance.hpp"
#include "services/process/log.hpp"
#include "services/process/paths.hpp"
#include "services/process/service_process.hpp"
#include "services/process/setup_fault.hpp"
#include "services/process/shield.hpp"
#include "services/sandbox/sandbox.hpp"

#include <utility>

namespace clearance::services {

int serve_verdict(const serve_verdict_config& config) try {
  leave_process_1(exit_failed);
  settle_inheritance(exit_failed);
  log_to_stderr(config.level);
  const auto sockets = activated_sockets({"verdict"}, config.named_socket);
  auto start = [&](io::loop& loop, const actors::manager_actor& manager) {
    const auto shield = choose_shield(config.shield);
    actors::executor_actor executor =
        actors::spawn_shield_executor(loop, {&loop, shield.names});
    loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(executor));
    actors::verdict_helper_config helper;
    helper.io = &loop;
    helper.socket = absolute_socket_path(config.socket);
    helper.executor = executor;
    helper.manager = manager;
    helper.sandbox = executes_verdicts;
    helper.caveat = shield_caveat(shield);
    if (!sockets.empty()) {
      helper.socket = sockets[0].place.text;
      helper.inherited = sockets[0].fd;
    }
    return actors::spawn_verdict_helper(loop, std::move(helper));
  };
  return run_service(start, config.level, {});
} catch (const setup_fault& e) {
  print_fault("terok-clearance", e.what());
  return e.code;
}

} // namespace clearance::services
