// The order is a security property. First the sidecar is read and git is looked
// for, because the sandbox forbids that later. Then the process is hardened and
// enters its sandbox, while it has one thread. Only then it starts threads,
// binds sockets and reads what others send.

#include "actors/base/log.hpp"
#include "actors/executor/helper_executor.hpp"
#include "actors/executor/shield_executor.hpp"
#include "actors/hub/verdict_helper.hpp"
#include "actors/io/gate/hook_files.hpp"
#include "actors/io/gate/lock_files.hpp"
#include "actors/io/http/http_server.hpp"
#include "actors/io/socket/bind.hpp"
#include "actors/operator/prompts.hpp"
#include "actors/supervisor/container_parts.hpp"
#include "protocol/supervisor/path_fault.hpp"
#include "protocol/text/text.hpp"
#include "services/gate/hooks/hook_check.hpp"
#include "services/gate/setup.hpp"
#include "services/operator/hub_audit.hpp"
#include "services/operator/hub_policy.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/inheritance.hpp"
#include "services/process/log.hpp"
#include "services/process/metrics.hpp"
#include "services/process/service_process.hpp"
#include "services/sandbox/hardening.hpp"
#include "services/sandbox/sandbox.hpp"
#include "services/supervisor/container_setup.hpp"
#include "services/supervisor/supervisor.hpp"

#include <caf/send.hpp>

#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace clearance::services {

namespace {

using actors::log;
using protocol::container_paths;
using protocol::sidecar;

std::string enter_sandbox(const sidecar& x, const sandbox_plan& plan) {
  if (x.allow_debugger)
    return "no: allow_debugger is set in the sidecar";
  return enter_sandbox([&] { return plan; }, sandbox_mode::automatic,
                       exit_cannot_start);
}

// Runs one service. If it cannot bind its socket, the program could not start.
// `reload`: see running_service; empty: SIGHUP ends the program.
int serve(const supervise_child_options& options,
          const std::function<running_service(io::loop&)>& start,
          const std::function<bool()>& reload = nullptr) {
  program_config config;
  config.name = supervisor_program;
  config.level = options.level;
  config.cannot_start = exit_cannot_start;
  // the parent process is the service that systemd knows
  config.notifies = false;
  config.reloads = static_cast<bool>(reload);
  return run_program(config, [&](io::loop& loop, const actors::manager_actor&) {
    auto result = start(loop);
    result.reload = reload;
    return result;
  });
}

template <class Service>
running_service depend(io::loop& loop, const Service& service) {
  loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(service));
  running_service result;
  result.report = [service] {
    caf::anon_send(service, actors::report_atom::value);
  };
  return result;
}

int run_verdict(const supervise_child_options& options,
                const container_paths& paths) {
  make_directories({parent_of(paths.verdict_socket)});
  return serve(options, [&](io::loop& loop) {
    const auto shield = choose_shield(options.shield);
    actors::executor_actor executor =
        actors::spawn_shield_executor(loop, {&loop, shield.names});
    loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(executor));
    actors::verdict_helper_config helper;
    helper.io = &loop;
    helper.socket = paths.verdict_socket;
    helper.executor = executor;
    helper.sandbox = executes_verdicts;
    return depend(loop, actors::spawn_verdict_helper(loop, std::move(helper)));
  });
}

int run_clearance(const supervise_child_options& options, const sidecar& x,
                  const container_paths& paths) {
  const auto clearance = parent_of(paths.clearance_socket);
  const auto readers = parent_of(paths.reader_socket);
  make_directories({clearance, readers});
  auto setting = options.audit;
  const auto name = audit_name(options.container_id);
  if (!setting.file.empty() && !setting.is_off()) {
    make_directories({setting.file});
    setting.file += "/" + name + ".jsonl";
  }
  const auto boot = actors::new_boot_id();
  const hub_audit audit{setting, name, boot, exit_cannot_start};
  const hub_policy policy{options.is_without_prompts
                              ? std::vector<policy_directory>{}
                              : policy_directories(options.policy)};
  metrics_server metrics{
      metrics_place(options.metrics, options.container_id, "clearance"),
      exit_cannot_start};
  auto plan = hub_sandbox({clearance, readers});
  if (!metrics.directory().empty())
    plan.paths_allowed.push_back(
        {metrics.directory(), path_access::sockets, true});
  for (const auto& each : policy.directories())
    plan.paths_allowed.push_back({each.path, path_access::read});
  if (!audit.directory().empty())
    plan.paths_allowed.push_back({audit.directory(), path_access::files, true});
  const auto sandbox = enter_sandbox(x, plan);
  const auto start = [&](io::loop& loop) {
    actors::executor_actor executor = actors::spawn_helper_executor(
        loop, actors::helper_executor_config{&loop, paths.verdict_socket});
    loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(executor));
    actors::container_quotas quotas;
    quotas.keeps_prompts = !options.is_without_prompts;
    auto hub = actors::hub_of(x, paths, quotas);
    hub.io = &loop;
    hub.executor = executor;
    hub.sandbox = sandbox;
    hub.board = metrics.board();
    metrics.start(loop);
    if (quotas.keeps_prompts) {
      auto prompts = actors::prompts_of(x, quotas);
      prompts.boot = boot;
      policy.load();
      policy.give_to(hub, std::move(prompts));
    }
    audit.give_to(hub);
    return depend(loop, actors::spawn_hub(loop, std::move(hub)));
  };
  const auto result = serve(
      options, start, [&] { return policy.reload("hub", audit.reopen()); });
  audit.stop();
  return result;
}

// A Landlock rule needs a directory that exists. If the repository is missing,
// the rule is for the directory above it.
path_rule rule_for_repository(const protocol::sidecar_gate& gate) {
  auto path = gate.base_path + "/" + gate.project_id + ".git";
  std::error_code error;
  if (std::filesystem::exists(path, error))
    return {std::move(path), path_access::modify, true};
  log(actors::severity::warning, "gate",
      "the repository is not there yet: requests get 404 until it is there, "
      "and git may change the other repositories beside it until the gate is "
      "started again",
      {{"repository", protocol::escaped(path)}});
  std::filesystem::create_directories(gate.base_path, error);
  if (error)
    throw setup_fault(exit_cannot_start, "cannot create the directory "
                                             + protocol::escaped(gate.base_path)
                                             + ": " + error.message());
  return {gate.base_path, path_access::modify, true};
}

// Setting a label writes to /proc, which the sandbox forbids. So a socket that
// needs a label is bound before.
io::bound_socket bind_labelled(actors::http_listen_spec& spec) {
  auto bound =
      io::bind_hardened(spec.path, spec.role, {spec.lock, spec.selinux_type});
  if (const auto* why = std::get_if<std::string>(&bound))
    throw setup_fault(exit_cannot_start, *why);
  auto result = std::get<io::bound_socket>(std::move(bound));
  spec.inherited = result.take_fd().release();
  return result;
}

actors::gate_config prepare_gate(const supervise_child_options& options,
                                 const sidecar& x, const container_paths& paths,
                                 const std::string& metrics_directory,
                                 io::bound_socket& labelled) {
  const auto bad = [&](const std::string& why) -> setup_fault {
    return {exit_usage, protocol::escaped(options.sidecar) + ": " + why};
  };
  if (auto fault = gate_fault_of(x, paths))
    throw bad(to_string(*fault));
  if (!x.gate)
    throw bad("gate_base_path, gate_token: a gate needs both");
  actors::container_surroundings around;
  const auto git = find_git_http_backend();
  around.git_http_backend = git.program;
  around.terok_gate = find_hook_program();
  around.path = environment("PATH");
  around.git_exec_path = environment("GIT_EXEC_PATH");
  around.selinux_type = options.selinux_type;
  auto result = actors::gate_of(x, paths, around);
  if (git.program.empty())
    throw setup_fault(exit_cannot_start, git.why);
  const auto lock = parent_of(paths.gate_lock);
  make_directories({paths.gate_private, paths.gate_home, paths.gate_hooks,
                    paths.gate_tmp, lock});
  io::warn_of_locks(x.gate->base_path + "/" + x.gate->project_id + ".git");
  if (!around.terok_gate.empty())
    io::settle_hooks(paths.gate_hooks, around.terok_gate);
  std::vector<path_rule> paths_allowed{
      rule_for_repository(*x.gate),
      {paths.gate_private, path_access::run, true},
      {paths.gate_tmp, path_access::modify, true},
      {lock, path_access::sockets, true},
      {parent_of(result.backend.program), path_access::run, true},
      {parent_of(own_program()), path_access::run},
  };
  if (!around.terok_gate.empty()) // what an idle gate runs
    paths_allowed.push_back({parent_of(around.terok_gate), path_access::run});
  for (auto& directory : io::hook_program_directories(paths.gate_hooks))
    paths_allowed.push_back({std::move(directory), path_access::run});
  if (!metrics_directory.empty())
    paths_allowed.push_back({metrics_directory, path_access::sockets, true});
  auto transport = gate_transport::tcp;
  if (!result.listen.path.empty()) {
    make_directories({parent_of(paths.gate_socket)});
    paths_allowed.push_back(
        {parent_of(paths.gate_socket), path_access::sockets, true});
    transport = gate_transport::unix_socket;
    if (io::has_selinux())
      labelled = bind_labelled(result.listen);
  }
  result.sandbox =
      enter_sandbox(x, gate_sandbox(std::move(paths_allowed), transport));
  check_hooks(result.backend.cgi);
  return result;
}

int run_gate(const supervise_child_options& options, const sidecar& x,
             const container_paths& paths) {
  io::bound_socket labelled; // removes its path at the end
  metrics_server metrics{
      metrics_place(options.metrics, options.container_id, "gate"),
      exit_cannot_start};
  auto config = prepare_gate(options, x, paths, metrics.directory(), labelled);
  config.board = metrics.board();
  std::unique_ptr<io::http_server> http;
  return serve(options, [&](io::loop& loop) {
    http = std::make_unique<io::http_server>(loop.context());
    config.io = &loop;
    config.http = http.get();
    metrics.start(loop);
    auto gate = actors::spawn_gate(loop, config);
    auto result = depend(loop, gate);
    // The gate has ended by itself, so the program can end. depend() reports
    // faults of the gate.
    caf::actor_cast<caf::abstract_actor*>(gate)->attach_functor(
        [all =
             caf::actor_cast<caf::actor>(loop.ctrl())](const caf::error& why) {
          if (!why || why == caf::exit_reason::user_shutdown)
            caf::anon_send_exit(all, caf::exit_reason::user_shutdown);
        });
    result.stop = [gate] { caf::anon_send(gate, actors::stop_atom::value); };
    return result;
  });
}

int run_child(const supervise_child_options& options) {
  const auto x = load_sidecar(options.sidecar, options.container_id);
  const auto paths = paths_of(x, options.container_id);
  log_to_stderr(options.level);
  if (!x.allow_debugger)
    harden_process();
  switch (options.service) {
  case child_service::verdict:
    return run_verdict(options, paths);
  case child_service::clearance:
    return run_clearance(options, x, paths);
  case child_service::gate:
    return run_gate(options, x, paths);
  }
  return exit_failed;
}

} // namespace

int supervise_child(const supervise_child_options& options) try {
  if (!arm_parent_death_signal(SIGTERM))
    throw setup_fault(exit_cannot_start,
                      "the parent process has ended already");
  // The hub is the one that reloads.
  settle_inheritance(exit_cannot_start,
                     options.service == child_service::clearance
                         ? early_hangup::waits
                         : early_hangup::ends);
  return run_child(options);
} catch (const setup_fault& e) {
  print_fault(supervisor_program, e.what());
  return e.code;
}

} // namespace clearance::services
