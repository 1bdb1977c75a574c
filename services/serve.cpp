#include "services/serve.hpp"

#include "actors/helper_executor.hpp"
#include "actors/hub.hpp"
#include "actors/shield_executor.hpp"
#include "services/service_process.hpp"

namespace clearance::services {

namespace {

actors::executor_actor start_executor(io::loop& loop,
                                      const serve_config& config) {
  if (!config.inline_verdict)
    return actors::spawn_hosted<actors::helper_executor>(
        loop, actors::helper_executor_config{&loop, config.verdict_socket});
  actors::shield_executor_config shield{&loop, {}};
  shield.shield = config.shield.empty() ? "terok-shield" : config.shield;
  return actors::spawn_hosted<actors::shield_executor>(loop, shield);
}

} // namespace

int serve(const serve_config& config) {
  auto start = [&config](io::loop& loop) {
    auto executor = start_executor(loop, config);
    loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(executor));
    actors::hub_config hub;
    hub.where = &loop;
    hub.clearance_socket = config.clearance_socket;
    hub.reader_socket = config.reader_socket;
    hub.executor = executor;
    if (!config.only_container.empty())
      hub.only_container = config.only_container;
    return actors::spawn_hosted<actors::hub>(loop, std::move(hub));
  };
  return run_service(start, config.level);
}

} // namespace clearance::services
