#include "services/clearance/serve.hpp"

#include "actors/base/log.hpp"
#include "actors/executor/helper_executor.hpp"
#include "actors/executor/shield_executor.hpp"
#include "actors/hub/hub.hpp"
#include "actors/io/socket/bind.hpp"
#include "actors/io/socket/private_directory.hpp"
#include "actors/operator/prompts.hpp"
#include "protocol/text/text.hpp"
#include "services/operator/hub_audit.hpp"
#include "services/operator/hub_policy.hpp"
#include "services/process/activation.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/inheritance.hpp"
#include "services/process/log.hpp"
#include "services/process/metrics.hpp"
#include "services/process/paths.hpp"
#include "services/process/service_process.hpp"
#include "services/process/setup_fault.hpp"
#include "services/process/shield.hpp"
#include "services/sandbox/sandbox.hpp"

#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

namespace clearance::services {

namespace {

// It may come later, and systemd starts it with the first verdict. So this asks
// only whether there is a socket.
void warn_without_helper(const std::string& socket) {
  struct stat found {};
  if (::stat(socket.c_str(), &found) == 0 && S_ISSOCK(found.st_mode))
    return;
  log(actors::severity::warning, "hub",
      "the verdict helper is not there, every verdict will fail until it is",
      {{"verdict_socket", protocol::escaped(socket)},
       {"to_change", "start terok-clearance serve-verdict, or start this "
                     "program with --inline-verdict"}});
}

// Writes to `caveat` what will not work.
actors::executor_actor start_executor(io::loop& loop,
                                      const serve_config& config,
                                      std::string& caveat) {
  if (!config.inline_verdict)
    return actors::spawn_helper_executor(
        loop, actors::helper_executor_config{&loop, config.verdict_socket});
  const auto shield = choose_shield(config.shield);
  caveat = shield_caveat(shield);
  return actors::spawn_shield_executor(loop, {&loop, shield.names});
}

actors::hub_config configure(const serve_config& config,
                             const std::vector<activated_socket>& passed,
                             const hub_policy& policy,
                             const std::string& boot) {
  actors::hub_config result;
  result.clearance_socket = config.clearance_socket;
  result.reader_socket = config.reader_socket;
  if (!passed.empty()) {
    result.clearance_socket = passed[0].place.text;
    result.inherited_clearance = passed[0].fd;
    result.reader_socket = passed[1].place.text;
    result.inherited_reader = passed[1].fd;
  }
  actors::prompts_config prompts;
  prompts.boot = boot;
  if (!config.only_container.empty()) {
    result.only_container.emplace(config.only_container);
    prompts.id = config.only_container;
  }
  if (!config.is_without_prompts) {
    policy.load();
    policy.give_to(result, std::move(prompts));
  }
  return result;
}

// Landlock opens the directory, so it must exist before. A fault is reported in
// the words of the bind.
std::string make_directory(const std::string& socket, const char* role) {
  auto result = io::socket_directory(socket);
  if (auto why = io::make_private_directory(result); !why.empty())
    throw setup_fault(exit_failed, io::bind_fault(socket, role, why));
  return result;
}

// Sockets that were passed need no directory.
sandbox_plan plan_hub(const serve_config& config, bool passed,
                      const hub_policy& policy, const hub_audit& audit,
                      const metrics_server& metrics) {
  std::vector<std::string> directories;
  if (!passed)
    directories = {make_directory(config.reader_socket, "reader socket"),
                   make_directory(config.clearance_socket, "clearance socket")};
  if (!metrics.directory().empty())
    directories.push_back(metrics.directory());
  auto result = hub_sandbox(directories);
  for (const auto& each : policy.directories())
    result.paths_allowed.push_back({each.path, path_access::read});
  if (!audit.directory().empty())
    result.paths_allowed.push_back(
        {audit.directory(), path_access::files, true});
  return result;
}

std::string sandbox_hub(const serve_config& config, bool passed,
                        const hub_policy& policy, const hub_audit& audit,
                        const metrics_server& metrics) {
  if (config.inline_verdict)
    return executes_verdicts;
  return enter_sandbox(
      [&] { return plan_hub(config, passed, policy, audit, metrics); },
      config.sandbox, exit_failed);
}

} // namespace

int serve(const serve_config& given) try {
  leave_process_1(exit_failed);
  settle_inheritance(exit_failed, early_hangup::waits);
  log_to_stderr(given.level);
  auto config = given;
  for (auto* path : {&config.clearance_socket, &config.reader_socket,
                     &config.verdict_socket})
    *path = absolute_socket_path(*path);
  const auto sockets =
      activated_sockets({"clearance", "reader"}, config.named_socket);
  const hub_policy policy{config.is_without_prompts
                              ? std::vector<policy_directory>{}
                              : policy_directories(config.policy)};
  const auto boot = actors::new_boot_id();
  const hub_audit audit{config.audit, audit_name(config.only_container), boot,
                        exit_failed};
  metrics_server metrics{config.metrics, exit_failed};
  std::string sandbox;
  auto start = [&](io::loop& loop, const actors::manager_actor& manager) {
    std::string caveat;
    auto executor = start_executor(loop, config, caveat);
    loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(executor));
    auto hub = configure(config, sockets, policy, boot);
    hub.board = metrics.board();
    audit.give_to(hub);
    metrics.start(loop);
    hub.io = &loop;
    hub.executor = executor;
    hub.caveat = caveat;
    hub.manager = manager;
    hub.sandbox = sandbox;
    if (!config.inline_verdict)
      hub.on_serving = [socket = config.verdict_socket] {
        warn_without_helper(socket);
      };
    return actors::spawn_hub(loop, std::move(hub));
  };
  const auto result = run_service(
      start, config.level,
      [&] {
        sandbox = sandbox_hub(config, !sockets.empty(), policy, audit, metrics);
      },
      [policy, audit] { return policy.reload("hub", audit.reopen()); });
  audit.stop();
  return result;
} catch (const setup_fault& e) {
  print_fault("terok-clearance", e.what());
  return e.code;
}

} // namespace clearance::services
