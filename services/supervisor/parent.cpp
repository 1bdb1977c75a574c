// `terok-supervisor supervisor`: the hook of a container's runtime starts it.

#include "actors/supervisor/parent.hpp"

#include "actors/base/log.hpp"
#include "actors/io/gate/hook_files.hpp"
#include "actors/io/http/http_server.hpp"
#include "actors/io/process/child_runner.hpp"
#include "actors/io/process/find_program.hpp"
#include "actors/io/process/spawn.hpp"
#include "actors/io/supervisor/container_host.hpp"
#include "protocol/supervisor/path_fault.hpp"
#include "protocol/text/text.hpp"
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

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace clearance::services {

namespace {

using actors::log;
using argument_list = std::vector<std::string>;

// The services of terok that other programs provide.
constexpr auto others_services = {"vault", "signer"};

argument_list split_words(const std::string& text) {
  argument_list result;
  std::string word;
  for (const char c : text + " ")
    if (c != ' ')
      word += c;
    else if (!word.empty())
      result.push_back(std::exchange(word, {}));
  return result;
}

// Whether the program ends with exit code 0. Waits for its end.
bool succeeds(const argument_list& argv) {
  const auto program = io::find_program(argv.front());
  const io::unique_fd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  if (program.empty() || !null)
    return false;
  const auto child = io::spawn({program, argv, io::own_environment(),
                                null.get(), null.get(), null.get()});
  if (child.error != 0)
    return false;
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR)
    continue;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// -P: Python must not load modules from the working directory.
argument_list reference_command() {
  const argument_list python{"python3", "-P"};
  auto probe = python;
  probe.insert(probe.end(),
               {"-c", "import importlib.util, sys; "
                      "sys.exit(importlib.util.find_spec('terok_sandbox') "
                      "is None)"});
  if (!succeeds(probe)) {
    log(actors::severity::notice, "parent",
        "the services vault and signer are not started: python3 has no module "
        "terok_sandbox",
        {{"to_change", "install terok-sandbox, or name a command with "
                       "--delegate"}});
    return {};
  }
  auto result = python;
  result.insert(result.end(), {"-m", "terok_sandbox", "supervise-child"});
  return result;
}

// Each child serves its own counters: this process has no sandbox, and reads
// nothing that comes from one.
void add_metrics(argument_list& to, const parent_options& options) {
  if (!options.metrics.empty())
    to.push_back("--metrics=" + options.metrics);
}

void add_service(std::vector<actors::delegated_service>& to,
                 const std::string& name, argument_list command,
                 const parent_options& options) {
  command.insert(command.end(), {name, options.container_id, options.sidecar});
  to.push_back({name, std::move(command)});
}

std::vector<actors::delegated_service>
delegated_services(const parent_options& options, const protocol::sidecar& x,
                   const protocol::container_paths& paths) {
  std::vector<actors::delegated_service> result;
  if (options.isolate) {
    // terok finds these processes by the words terok_sandbox and
    // supervise-child.
    const argument_list ours{own_program(), "terok_sandbox", "supervise-child"};
    auto hub = ours;
    add_service(result, "clearance", std::move(hub), options);
    result.back().reloads = true;
    if (options.is_without_prompts)
      result.back().argv.emplace_back("--no-prompts");
    for (auto& word : policy_arguments(options.policy))
      result.back().argv.push_back(std::move(word));
    for (auto& word : audit_words(options.audit))
      result.back().argv.push_back(std::move(word));
    add_metrics(result.back().argv, options);
    if (auto fault = gate_fault_of(x, paths))
      log(actors::severity::error, "parent",
          "the gate is not started: the sidecar has a fault, correct it",
          {{"why", to_string(*fault)}});
    else if (x.gate) {
      add_service(result, "gate", ours, options);
      add_metrics(result.back().argv, options);
    }
  }
  auto command = options.delegate.empty() ? reference_command()
                                          : split_words(options.delegate);
  if (command.empty() || command == argument_list{"none"})
    return result;
  for (const auto* name : others_services)
    add_service(result, name, command, options);
  return result;
}

actors::parent_config configure_parent(const parent_options& options) {
  actors::parent_config result;
  auto x = load_sidecar(options.sidecar, options.container_id);
  if (options.pid != 0)
    x.init_pid = options.pid;
  const auto paths = paths_of(x, options.container_id);
  result.delegates = delegated_services(options, x, paths);
  if (options.isolate)
    result.share = actors::container_share::verdicts;
  result.waits = {"podman", "wait", options.container_id};
  result.exists = {"podman", "container", "exists", options.container_id};
  result.sidecar = std::make_shared<const protocol::sidecar>(std::move(x));
  return result;
}

running_service start_parent(io::loop& loop, actors::parent_config config) {
  auto parent = actors::spawn_parent(loop, std::move(config));
  const auto part = caf::actor_cast<caf::strong_actor_ptr>(parent);
  loop.depend_on(part);
  part->get()->attach_functor(
      [all = caf::actor_cast<caf::actor>(loop.ctrl())](const caf::error& why) {
        // If a part ends with a fault, depend_on() reports it with its reason.
        if (!why || why == caf::exit_reason::user_shutdown)
          caf::anon_send_exit(all, caf::exit_reason::user_shutdown);
      });
  running_service result;
  result.report = [parent] {
    caf::anon_send(parent, actors::report_atom::value);
  };
  result.stop = [parent] { caf::anon_send(parent, actors::stop_atom::value); };
  result.reload = [parent] {
    caf::anon_send(parent, actors::reload_atom::value);
    return false;
  };
  return result;
}

// The container can write below the first of these directories, so no link in
// it is followed. The other directories are removed only if they are empty. Our
// hooks are removed before.
void clean_up(const protocol::sidecar& x) {
  const auto paths = paths_of(x, x.container_id);
  io::remove_hooks(paths.gate_hooks);
  std::error_code ignored;
  std::filesystem::remove_all(parent_of(parent_of(paths.gate_socket)), ignored);
  for (const auto& path :
       {parent_of(paths.clearance_socket), parent_of(paths.reader_socket),
        paths.gate_home, paths.gate_tmp, parent_of(paths.gate_lock),
        paths.gate_hooks, paths.gate_private})
    ::rmdir(path.c_str());
}

} // namespace

int supervise_container(const parent_options& options) try {
  leave_process_1(exit_cannot_start);
  settle_inheritance(exit_cannot_start, early_hangup::waits);
  log_to_stderr(options.level);
  auto parent = configure_parent(options);
  const auto sidecar = parent.sidecar;
  const auto shield = choose_shield(options.shield);
  const container_audits audits{options.audit};
  const bool has_policy = !options.is_without_prompts && !options.isolate;
  const hub_policy policy{has_policy ? policy_directories(options.policy)
                                     : std::vector<policy_directory>{}};
  if (has_policy)
    policy.load();
  auto shared = find_surroundings(
      shield, options.selinux_type,
      sidecar->gate && !options.isolate ? gates_here::some : gates_here::none);
  shared.quotas.keeps_prompts = !options.is_without_prompts;
  metrics_server metrics{
      options.isolate ? std::string{}
                      : metrics_place(options.metrics, options.container_id),
      exit_cannot_start};
  shared.board = metrics.board();
  shared.audit = [audits](actors::hub_config& hub, const std::string& id) {
    audits.give_to(hub, id);
  };
  shared.policy = [policy](actors::hub_config& hub,
                           actors::prompts_config prompts) {
    policy.give_to(hub, std::move(prompts));
  };
  parent.around =
      std::make_shared<const actors::container_surroundings>(std::move(shared));
  if (!sidecar->allow_debugger)
    harden_process();
  log(actors::severity::info, "parent", "starting",
      {{"container", protocol::escaped(sidecar->container_name)},
       {"sandbox", executes_verdicts}});
  std::unique_ptr<io::http_server> http;
  std::unique_ptr<io::container_host> containers;
  program_config config;
  config.name = supervisor_program;
  config.level = options.level;
  config.cannot_start = exit_cannot_start;
  config.nothing_started = exit_nothing_started;
  config.reloads = true;
  const auto result =
      run_program(config, [&](io::loop& loop, const actors::manager_actor&) {
        http = std::make_unique<io::http_server>(loop.context());
        containers = std::make_unique<io::container_host>(loop.context());
        parent.io = &loop;
        parent.http = http.get();
        parent.containers = containers.get();
        metrics.start(loop);
        auto service = start_parent(loop, std::move(parent));
        service.reload = [audits, policy, has_hub = !options.isolate,
                          to_children = service.reload] {
          // With --isolate the hub is a child, which reads both again.
          if (has_hub)
            policy.reload("parent", audits.reopen());
          return to_children();
        };
        return service;
      });
  audits.stop();
  clean_up(*sidecar);
  return result;
} catch (const setup_fault& e) {
  print_fault(supervisor_program, e.what());
  return e.code;
}

} // namespace clearance::services
