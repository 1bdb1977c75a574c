#include "services/gate/gate.hpp"

#include "actors/base/log.hpp"
#include "actors/gate/gate.hpp"
#include "actors/io/gate/hook_files.hpp"
#include "actors/io/http/http_server.hpp"
#include "actors/io/socket/bind_tcp.hpp"
#include "protocol/text/text.hpp"
#include "services/gate/hooks/hook_check.hpp"
#include "services/gate/repository.hpp"
#include "services/gate/sandbox.hpp"
#include "services/gate/setup.hpp"
#include "services/process/activation.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/inheritance.hpp"
#include "services/process/log.hpp"
#include "services/process/metrics.hpp"
#include "services/process/paths.hpp"
#include "services/process/service_process.hpp"

#include <caf/send.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace clearance::services {

namespace {

constexpr auto gate_program = "terok-gate";

actors::grants_ptr grants_of(const gate_options& options) {
  using list = std::vector<protocol::grant>;
  auto result = options.grants_file.empty()
                    ? list{token_grant(options.token_file, options.scope)}
                    : read_grants(options.grants_file);
  check_scopes(options.mirror_root, result);
  return std::make_shared<const list>(std::move(result));
}

// Sets where the gate listens.
struct listen_at {
  actors::http_listen_spec& result;
  bool allow_remote;

  void operator()(const gate_passed&) const {
    const auto sockets = activated_sockets({"gate"}, "");
    if (sockets.empty())
      throw setup_fault(exit_usage,
                        "--socket or --listen is required where no socket is "
                        "passed by systemd");
    const auto& place = sockets[0].place;
    if (!place.loopback)
      refuse_remote("the socket that was passed", place.text);
    result.inherited = sockets[0].fd;
  }
  void operator()(const gate_socket& x) const {
    activated_sockets({"gate"}, "--socket");
    result.path = absolute_socket_path(x.path);
  }
  void operator()(const gate_port& x) const {
    activated_sockets({"gate"}, "--listen");
    if (!io::is_address(x.address))
      throw setup_fault(exit_usage,
                        "--listen: `" + protocol::escaped(x.address)
                            + "` is a name; give the address that it stands "
                              "for, 127.0.0.1 or [::1] for this machine");
    if (!io::is_loopback(x.address))
      refuse_remote("--listen", x.address);
    result.address = x.address;
    result.port = x.port;
  }

  void refuse_remote(const std::string& what, const std::string& where) const {
    if (!allow_remote)
      throw setup_fault(exit_usage, what + ": " + where
                                        + " is not a loopback address; "
                                          "--allow-remote permits it");
  }
};

// Empty: /proc is not there. After an upgrade the path leads to the new file,
// which the gate then runs.
std::string path_of_this_program() {
  std::error_code error;
  const auto result = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string{} : result.string();
}

actors::gate_config configure(const gate_options& options,
                              const std::string& home) {
  actors::gate_config result;
  std::visit(listen_at{result.listen, options.allow_remote}, options.listen);
  result.backend = backend_from_environment();
  auto& cgi = result.backend.cgi;
  cgi.project_root = existing_directory(options.mirror_root, "--mirror-root");
  cgi.home = home;
  if (!options.hooks_path.empty())
    cgi.hooks_path = existing_directory(options.hooks_path, "--hooks-path");
  cgi.backup_max_age = options.backup_days;
  result.upkeep = {path_of_this_program(), cgi.project_root,
                   options.backup_days, true};
  result.grants = grants_of(options);
  return result;
}

// A grants file with a mistake changes nothing: a typing error must not lock
// all clients out. False: nothing was changed.
bool reload(const gate_options& options, const actors::gate_actor& gate) {
  if (options.grants_file.empty()) {
    log(actors::severity::info, "gate",
        "SIGHUP changes nothing: the gate has one token and no grants file, "
        "which alone is read again",
        {{"to_change", "give --grants FILE"}});
    return false;
  }
  try {
    caf::anon_send(gate, actors::new_grants{grants_of(options)});
    return true;
  } catch (const setup_fault& e) {
    log(actors::severity::error, "gate",
        "the grants file has a mistake, the old grants stay",
        {{"why", e.what()}});
    return false;
  }
}

} // namespace

int run_gate(const gate_options& options) try {
  leave_process_1(exit_failed);
  settle_inheritance(exit_failed, early_hangup::waits);
  log_to_stderr(options.level);
  std::optional<private_directory> made;
  auto home = options.home.empty() ? made.emplace(directory_use::home).path()
                                   : existing_directory(options.home, "--home");
  std::optional<private_directory> temporary_files;
  auto config = configure(options, home);
  if (!options.hooks_path.empty())
    config.backend.cgi.tmpdir =
        temporary_files.emplace(directory_use::temporary_files).path();
  metrics_server metrics{options.metrics, exit_failed};
  config.board = metrics.board();
  std::unique_ptr<io::http_server> http;
  auto start = [&](io::loop& loop, const actors::manager_actor& manager) {
    http = std::make_unique<io::http_server>(loop.context());
    config.io = &loop;
    config.http = http.get();
    config.manager = manager;
    metrics.start(loop);
    auto gate = actors::spawn_gate(loop, config);
    const auto part = caf::actor_cast<caf::strong_actor_ptr>(gate);
    loop.depend_on(part);
    part->get()->attach_functor(
        [all = caf::actor_cast<caf::actor>(loop.ctrl())](const caf::error& x) {
          // depend_on() reports an end with a fault.
          if (!x || x == caf::exit_reason::user_shutdown)
            caf::anon_send_exit(all, caf::exit_reason::user_shutdown);
        });
    running_service result;
    result.report = [gate] {
      caf::anon_send(gate, actors::report_atom::value);
    };
    result.stop = [gate] { caf::anon_send(gate, actors::stop_atom::value); };
    result.reload = [gate, &options] { return reload(options, gate); };
    return result;
  };
  program_config all;
  all.name = gate_program;
  all.level = options.level;
  all.reloads = true;
  all.enter_sandbox = [&] {
    const auto& root = config.backend.cgi.project_root;
    warn_of_locks(root, *config.grants);
    if (!options.hooks_path.empty())
      io::settle_hooks(config.backend.cgi.hooks_path, path_of_this_program());
    if (options.sandbox != sandbox_mode::off)
      warn_of_alternates(root, *config.grants,
                         options.grants_file.empty() ? "" : root);
    config.sandbox = enter_sandbox(
        [&] { return plan_gate(options, config, metrics.directory()); },
        options.sandbox, exit_failed);
    if (!options.hooks_path.empty())
      check_hooks(config.backend.cgi);
    else
      log(actors::severity::info, "gate",
          "no hooks run: what pushes delete or change is not saved",
          {{"to_change", "--hooks-path DIR"}});
  };
  return run_program(all, start);
} catch (const setup_fault& e) {
  print_fault(gate_program, e.what());
  return e.code;
}

} // namespace clearance::services
