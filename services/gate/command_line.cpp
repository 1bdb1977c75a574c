#include "protocol/gate/git_route.hpp"
#include "protocol/gate/limits.hpp"
#include "protocol/text/address_port.hpp"
#include "services/cli/usage.hpp"
#include "services/gate/gate.hpp"
#include "services/gate/help.hpp"
#include "services/gate/hooks/backup_age.hpp"
#include "services/process/paths.hpp"

#include <CLI/CLI.hpp>

#include <map>
#include <utility>

namespace clearance::services {

namespace {

const std::map<std::string, gate_hook> hooks{
    {"pre-receive", gate_hook::pre_receive},
    {"post-receive", gate_hook::post_receive},
};

const std::map<std::string, gate_backups> backup_actions{
    {"list", gate_backups::list},
    {"restore", gate_backups::restore},
    {"expire", gate_backups::expire},
};

gate_port port_of(const std::string& word) {
  auto result = protocol::parse_address_port(word);
  if (!result)
    throw bad_value("--listen", "`" + word + "` is no ADDRESS:PORT");
  return *std::move(result);
}

struct gate_parser {
  gate_parser();

  gate_command finish();
  gate_options serve();
  gate_backups_call look_at_backups();
  gate_tend_call tend_repositories();
  std::chrono::seconds backup_age() const;
  void check_days() const;

  CLI::App app{"", "terok-gate"};
  gate_options options;
  std::string socket;
  std::string port;
  std::string hooks_directory;
  std::string hook;
  bool check_hook = false;
  std::string backups_action;
  gate_backups_call backups;
  std::string now;
  gate_tend_call tend;
  bool version = false;

private:
  CLI::Option* add(const char* name, std::string& to);
};

CLI::Option* gate_parser::add(const char* name, std::string& to) {
  return app.add_option(name, to)->check([](const std::string& word) {
    return word.empty() ? "must not be empty" : "";
  });
}

gate_parser::gate_parser() {
  add("--mirror-root", options.mirror_root);
  auto* scope = add("--scope", options.scope);
  auto* token = add("--token-file", options.token_file);
  add("--grants", options.grants_file)->excludes(scope)->excludes(token);
  auto* path = add("--socket", socket);
  add("--listen", port)->excludes(path);
  app.add_flag("--allow-remote", options.allow_remote);
  add("--hooks-path", options.hooks_path);
  add("--home", options.home);
  add("--metrics", options.metrics);
  app.add_option_function<std::string>(
      "--sandbox", [this](const std::string& word) {
        options.sandbox = choice("--sandbox", word, sandbox_modes);
      });
  app.add_option_function<std::string>(
      "--log-level", [this](const std::string& word) {
        options.level = choice("--log-level", word, log_levels);
      });
  add("--install-hooks", hooks_directory);
  app.add_flag("--version", version);
  add("--backup-days", options.backup_days);
  auto* hooks_program = app.add_subcommand("hook");
  hooks_program->add_option("NAME", hook)->required();
  hooks_program->add_flag("--check", check_hook);
  auto* kept = app.add_subcommand("backups");
  kept->add_option("ACTION", backups_action)->required();
  kept->add_option("REPOSITORY", backups.repository)->required();
  kept->add_option("BACKUP", backups.name);
  kept->add_option("--backup-days", options.backup_days);
  kept->add_option("--now", now);
  auto* tended = app.add_subcommand("tend");
  tended->add_option("ROOT", tend.mirror_root)->required();
  tended->add_option("SCOPE", tend.scopes)->required();
  tended->add_option("--backup-days", options.backup_days);
}

gate_options gate_parser::serve() {
  // First faulty values, then missing ones: a configuration file must have no
  // faulty value, but the command line may add what the file lacks.
  if (!options.scope.empty() && !protocol::is_repository_name(options.scope))
    throw bad_value("--scope",
                    "`" + options.scope
                        + "` is no repository's name (A-Z a-z 0-9 . _ -)");
  if (socket.size() > socket_path_max_bytes)
    throw bad_value("--socket", "is longer than the "
                                    + std::to_string(socket_path_max_bytes)
                                    + " bytes that a socket's path may have");
  if (!socket.empty())
    options.listen = gate_socket{socket};
  else if (!port.empty())
    options.listen = port_of(port);
  if (options.mirror_root.empty())
    throw missing("--mirror-root is required");
  if (options.scope.empty() && options.grants_file.empty())
    throw missing("--scope or --grants is required");
  return options;
}

void gate_parser::check_days() const {
  if (!options.backup_days.empty() && !parse_days(options.backup_days))
    throw usage_fault("--backup-days: `" + options.backup_days
                      + "` is no number from 1 to 36500");
}

gate_backups_call gate_parser::look_at_backups() {
  backups.action = choice("backups", backups_action, backup_actions);
  const bool named = !backups.name.empty();
  if (backups.action == gate_backups::restore && !named)
    throw usage_fault("backups restore: which BACKUP?");
  if (backups.action != gate_backups::restore && named)
    throw usage_fault("backups " + backups_action + ": takes no BACKUP");
  if (backups.action != gate_backups::expire
      && (!now.empty() || !options.backup_days.empty()))
    throw usage_fault("--now and --backup-days belong to backups expire");
  if (!now.empty())
    backups.name = now;
  backups.max_age = backup_age();
  return backups;
}

gate_tend_call gate_parser::tend_repositories() {
  for (const auto& x : tend.scopes)
    if (x != "*" && !protocol::is_repository_name(x))
      throw usage_fault("tend: `" + x + "` is no repository's name");
  tend.max_age = backup_age();
  return tend;
}

std::chrono::seconds gate_parser::backup_age() const {
  const auto days = parse_days(options.backup_days);
  return days ? std::chrono::seconds{*days}
              : std::chrono::seconds{protocol::gate_limits::backup_age};
}

gate_command gate_parser::finish() {
  check_days();
  if (!backups_action.empty())
    return look_at_backups();
  if (!tend.scopes.empty())
    return tend_repositories();
  if (!app.get_subcommands().empty())
    return gate_hook_call{choice("hook", hook, hooks), check_hook};
  if (!hooks_directory.empty())
    return gate_hooks_install{hooks_directory};
  return serve();
}

} // namespace

gate_command parse_gate_command_line(const std::vector<std::string>& words) {
  gate_parser p;
  gate_command result;
  auto help = [](std::string_view) { return gate_help(); };
  if (auto other = take_words(p.app, words, help, p.version,
                              [&] { result = p.finish(); }))
    return std::move(*other);
  return result;
}

config_judge gate_judge() {
  return {{}, options_of(gate_parser{}.app), [](const auto& words) {
            return fault_of(parse_gate_command_line(words));
          }};
}

} // namespace clearance::services
