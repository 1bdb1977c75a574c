// The order is a security property. First the sidecar is read and git is looked
// for, while that is still allowed. Then the process is hardened and enters its
// sandbox, while it has one thread. Only then it starts threads, binds sockets
// and reads what others send.

#include "actors/executor/helper_executor.hpp"
#include "actors/executor/shield_executor.hpp"
#include "actors/hub/verdict_helper.hpp"
#include "actors/io/http/http_server.hpp"
#include "actors/io/process/child_runner.hpp"
#include "actors/io/socket/private_directory.hpp"
#include "actors/io/supervisor/sidecar_file.hpp"
#include "actors/supervisor/container_parts.hpp"
#include "protocol/supervisor/path_fault.hpp"
#include "protocol/text/text.hpp"
#include "services/gate/hooks/hook_check.hpp"
#include "services/gate/setup.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/inheritance.hpp"
#include "services/process/log.hpp"
#include "services/process/service_process.hpp"
#include "services/process/shield.hpp"
#include "services/sandbox/hardening.hpp"
#include "services/sandbox/sandbox.hpp"
#include "services/supervisor/supervisor.hpp"

#include <caf/send.hpp>

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <utility>

namespace clearance::services {

namespace {

using protocol::container_paths;
using protocol::sidecar;

// Empty: /proc is not there.
std::string own_program() {
  std::error_code error;
  const auto result = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string{} : result.string();
}

std::string parent_of(const std::string& path) {
  return std::filesystem::path{path}.parent_path().string();
}

sidecar load(const std::string& path) {
  auto bad = [&](const protocol::sidecar_fault& x) -> setup_fault {
    return {exit_usage, protocol::escaped(path) + ": " + to_string(x)};
  };
  auto text = io::read_sidecar(AT_FDCWD, path, io::file_trust::any);
  if (auto* unread = std::get_if<io::unread_sidecar>(&text))
    throw bad(unread->why);
  auto& bytes = std::get<std::string>(text);
  auto result = protocol::parse_sidecar(bytes);
  protocol::wipe(bytes);
  if (auto* fault = std::get_if<protocol::sidecar_fault>(&result))
    throw bad(*fault);
  return std::get<sidecar>(std::move(result));
}

// Landlock opens these directories, so they must exist before.
void make_directories(const std::vector<std::string>& paths) {
  for (const auto& x : paths)
    if (auto why = io::make_private_directory(x); !why.empty())
      throw setup_fault(exit_cannot_start, why);
}

std::string enter_sandbox(const sidecar& x, const sandbox_plan& plan) {
  if (x.allow_debugger)
    return "no: allow_debugger is set in the sidecar";
  return enter_sandbox([&] { return plan; }, sandbox_mode::automatic,
                       exit_cannot_start);
}

// Runs one service. If it cannot bind its socket, the program could not start.
int serve(const supervise_child_options& options,
          const std::function<running_service(io::loop&)>& start) {
  program_config config;
  config.name = supervisor_program;
  config.level = options.level;
  config.cannot_start = exit_cannot_start;
  // the parent process is the service that systemd knows
  config.notifies = false;
  return run_program(config, [&](io::loop& loop, const actors::manager_actor&) {
    return start(loop);
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
  return serve(options, [&](io::loop& loop) {
    actors::shield_executor_config shield{&loop, {}};
    shield.shield = shield_program(options.shield);
    actors::executor_actor executor =
        actors::spawn_shield_executor(loop, shield);
    loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(executor));
    return depend(loop, actors::spawn_verdict_helper(
                            loop, actors::verdict_helper_config{
                                      &loop, paths.verdict_socket, executor,
                                      executes_verdicts}));
  });
}

int run_clearance(const supervise_child_options& options, const sidecar& x,
                  const container_paths& paths) {
  const auto clearance = parent_of(paths.clearance_socket);
  const auto readers = parent_of(paths.reader_socket);
  make_directories({clearance, readers});
  const auto sandbox = enter_sandbox(x, hub_sandbox({clearance, readers}));
  return serve(options, [&](io::loop& loop) {
    actors::executor_actor executor = actors::spawn_helper_executor(
        loop, actors::helper_executor_config{&loop, paths.verdict_socket});
    loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(executor));
    auto hub = actors::hub_of(paths, {});
    hub.io = &loop;
    hub.executor = executor;
    hub.sandbox = sandbox;
    return depend(loop, actors::spawn_hub(loop, std::move(hub)));
  });
}

actors::gate_config prepare_gate(const supervise_child_options& options,
                                 const sidecar& x,
                                 const container_paths& paths) {
  if (!x.gate)
    throw setup_fault(exit_usage, protocol::escaped(options.sidecar)
                                      + ": gate_base_path, gate_token: a gate "
                                        "needs both");
  actors::container_surroundings around;
  around.git_http_backend = find_git_http_backend();
  around.terok_gate = io::find_program("terok-gate");
  around.path = environment("PATH");
  around.git_exec_path = environment("GIT_EXEC_PATH");
  auto result = actors::gate_of(x, paths, around);
  if (result.backend.program.empty())
    throw setup_fault(exit_cannot_start, "git http-backend was not found");
  make_directories({paths.gate_home, paths.gate_hooks, paths.gate_tmp});
  std::vector<path_rule> paths_allowed{
      {x.gate->base_path + "/" + x.gate->project_id + ".git",
       path_access::modify, true},
      {paths.gate_private, path_access::run, true},
      {paths.gate_tmp, path_access::modify, true},
      {parent_of(result.backend.program), path_access::run, true},
      // The hooks run terok-gate, which is installed beside this program.
      {parent_of(own_program()), path_access::run},
  };
  for (auto& directory : hook_program_directories(paths.gate_hooks))
    paths_allowed.push_back({std::move(directory), path_access::run});
  auto transport = gate_transport::tcp;
  if (!result.listen.path.empty()) {
    make_directories({parent_of(paths.gate_socket)});
    paths_allowed.push_back(
        {parent_of(paths.gate_socket), path_access::sockets, true});
    transport = gate_transport::unix_socket;
  }
  result.sandbox =
      enter_sandbox(x, gate_sandbox(std::move(paths_allowed), transport));
  check_hooks(result.backend.cgi);
  return result;
}

int run_gate(const supervise_child_options& options, const sidecar& x,
             const container_paths& paths) {
  auto config = prepare_gate(options, x, paths);
  std::unique_ptr<io::http_server> http;
  return serve(options, [&](io::loop& loop) {
    http = std::make_unique<io::http_server>(loop.context());
    config.io = &loop;
    config.http = http.get();
    auto gate = actors::spawn_gate(loop, config);
    auto result = depend(loop, gate);
    // The gate ends by itself; then there is nothing left to do. depend()
    // reports its faults.
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

int run(const supervise_child_options& options) {
  const auto x = load(options.sidecar);
  const auto paths = paths_of(x, options.container_id);
  if (auto fault = fault_of(x, paths))
    throw setup_fault(exit_usage, protocol::escaped(options.sidecar) + ": "
                                      + to_string(*fault));
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
  settle_inheritance(exit_cannot_start);
  return run(options);
} catch (const setup_fault& e) {
  print_fault(supervisor_program, e.what());
  return e.code;
}

} // namespace clearance::services
