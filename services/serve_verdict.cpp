#include "services/serve_verdict.hpp"

#include "actors/shield_executor.hpp"
#include "actors/verdict_helper.hpp"
#include "services/service_process.hpp"

namespace clearance::services {

int serve_verdict(const serve_verdict_config& config) {
  auto start = [&config](io::loop& loop) {
    actors::shield_executor_config shield{&loop, {}};
    shield.shield = config.shield.empty() ? "terok-shield" : config.shield;
    actors::executor_actor executor =
        actors::spawn_hosted<actors::shield_executor>(loop, shield);
    loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(executor));
    return actors::spawn_hosted<actors::verdict_helper>(
        loop, actors::verdict_helper_config{&loop, config.socket, executor});
  };
  return run_service(start, config.level);
}

} // namespace clearance::services
