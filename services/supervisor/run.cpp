#include "actors/base/log.hpp"
#include "actors/io/http/http_server.hpp"
#include "actors/io/process/child_runner.hpp"
#include "actors/io/process/find_program.hpp"
#include "actors/io/supervisor/container_host.hpp"
#include "actors/io/supervisor/podman_lister.hpp"
#include "actors/io/supervisor/sidecar_directory.hpp"
#include "actors/supervisor/running_sidecars.hpp"
#include "actors/supervisor/supervisor.hpp"
#include "services/operator/hub_audit.hpp"
#include "services/operator/hub_policy.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/inheritance.hpp"
#include "services/process/log.hpp"
#include "services/process/metrics.hpp"
#include "services/process/service_process.hpp"
#include "services/process/setup_fault.hpp"
#include "services/sandbox/hardening.hpp"
#include "services/sandbox/sandbox.hpp"
#include "services/supervisor/container_setup.hpp"
#include "services/supervisor/supervisor.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <memory>
#include <string>
#include <utility>

namespace clearance::services {

namespace {

std::unique_ptr<io::sidecar_directory> open_directory(const std::string& path) {
  auto result = io::sidecar_directory::open(path);
  if (auto* why = std::get_if<std::string>(&result))
    throw setup_fault(exit_cannot_start, *why);
  return std::get<0>(std::move(result));
}

running_service start_supervisor(io::loop& loop,
                                 actors::supervisor_config config) {
  auto supervisor = actors::spawn_supervisor(loop, std::move(config));
  const auto part = caf::actor_cast<caf::strong_actor_ptr>(supervisor);
  loop.depend_on(part);
  part->get()->attach_functor(
      [all = caf::actor_cast<caf::actor>(loop.ctrl())](const caf::error& why) {
        // If a part ends with a fault, depend_on() reports it with its reason.
        if (!why || why == caf::exit_reason::user_shutdown)
          caf::anon_send_exit(all, caf::exit_reason::user_shutdown);
      });
  running_service result;
  result.report = [supervisor] {
    caf::anon_send(supervisor, actors::report_atom::value);
  };
  result.stop = [supervisor] {
    caf::anon_send(supervisor, actors::stop_atom::value);
  };
  return result;
}

} // namespace

int supervise(const supervise_options& options) try {
  leave_process_1(exit_cannot_start);
  settle_inheritance(exit_cannot_start, early_hangup::waits);
  auto directory = open_directory(options.sidecar_dir);
  log_to_stderr(options.level);
  const auto shield = choose_shield(options.shield);
  const container_audits audits{options.audit};
  const hub_policy policy{options.is_without_prompts
                              ? std::vector<policy_directory>{}
                              : policy_directories(options.policy)};
  if (!options.is_without_prompts)
    policy.load();
  auto shared =
      find_surroundings(shield, options.selinux_type, gates_here::some);
  shared.quotas.keeps_prompts = !options.is_without_prompts;
  metrics_server metrics{options.metrics, exit_cannot_start};
  shared.board = metrics.board();
  shared.audit = [audits](actors::hub_config& hub, const std::string& id) {
    audits.give_to(hub, id);
  };
  shared.policy = [policy](actors::hub_config& hub,
                           actors::prompts_config prompts) {
    policy.give_to(hub, std::move(prompts));
  };
  auto around =
      std::make_shared<const actors::container_surroundings>(std::move(shared));
  if (options.podman && io::find_program("podman").empty())
    throw setup_fault(exit_cannot_start,
                      "--podman: there is no program podman beside this "
                      "program or on PATH; install the package podman, or "
                      "leave --podman out");
  harden_process();
  log(actors::severity::info, "supervisor", "starting",
      {{"sandbox", executes_verdicts}});
  std::unique_ptr<io::http_server> http;
  std::unique_ptr<io::container_host> containers;
  program_config config;
  config.name = supervisor_program;
  config.level = options.level;
  config.cannot_start = exit_cannot_start;
  config.reloads = true;
  const auto result = run_program(
      config, [&](io::loop& loop, const actors::manager_actor& manager) {
        http = std::make_unique<io::http_server>(loop.context());
        containers = std::make_unique<io::container_host>(loop.context());
        directory->use(loop.context());
        metrics.start(loop);
        actors::supervisor_config all;
        all.io = &loop;
        all.http = http.get();
        all.containers = containers.get();
        all.sidecars = std::move(directory);
        if (options.podman)
          all.sidecars = actors::only_running(
              loop, std::move(all.sidecars),
              std::make_unique<io::podman_lister>(loop.context(), "podman"));
        all.around = around;
        all.manager = manager;
        all.caveat = shield_caveat(shield);
        auto service = start_supervisor(loop, std::move(all));
        service.reload = [audits, policy] {
          return policy.reload("supervisor", audits.reopen());
        };
        return service;
      });
  audits.stop();
  return result;
} catch (const setup_fault& e) {
  print_fault(supervisor_program, e.what());
  return e.code;
}

} // namespace clearance::services
