#include "protocol/supervisor/sidecar.hpp"
#include "services/cli/usage.hpp"
#include "services/supervisor/help.hpp"
#include "services/supervisor/supervisor.hpp"

#include <CLI/CLI.hpp>

#include <map>

namespace clearance::services {

namespace {

const std::map<std::string, child_service> child_services{
    {"verdict", child_service::verdict},
    {"clearance", child_service::clearance},
    {"gate", child_service::gate},
};

CLI::Option* add(CLI::App& app, const char* name, std::string& to) {
  return app.add_option(name, to)->check([](const std::string& word) {
    return word.empty() ? "must not be empty" : "";
  });
}

struct supervisor_parser {
  supervisor_parser();

  supervisor_command finish();

  CLI::App app{"", "terok-supervisor"};
  CLI::App* run = nullptr;
  CLI::App* child = nullptr;
  supervise_options all;
  supervise_child_options one;
  std::string service;
  bool version = false;

private:
  static void add_level(CLI::App& app, log_level& to);
};

void supervisor_parser::add_level(CLI::App& app, log_level& to) {
  app.add_option_function<std::string>(
      "--log-level", [&to](const std::string& word) {
        to = choice("--log-level", word, log_levels);
      });
}

supervisor_parser::supervisor_parser() {
  app.require_subcommand(1);
  app.add_flag("--version", version);
  run = app.add_subcommand("run");
  add(*run, "--sidecar-dir", all.sidecar_dir)->required();
  add(*run, "--shield", all.shield);
  add_level(*run, all.level);
  child = app.add_subcommand("supervise-child");
  add(*child, "SERVICE", service)->required();
  add(*child, "CONTAINER_ID", one.container_id)->required();
  add(*child, "SIDECAR", one.sidecar)->required();
  add(*child, "--shield", one.shield);
  add_level(*child, one.level);
}

supervisor_command supervisor_parser::finish() {
  if (run->parsed())
    return all;
  one.service = choice("SERVICE", service, child_services);
  if (!protocol::is_container_id(one.container_id))
    throw bad_value("CONTAINER_ID", "`" + one.container_id
                                        + "` is not 12 to 64 hexadecimal "
                                          "digits");
  if (one.service != child_service::verdict && !one.shield.empty())
    throw usage_fault("--shield is for the verdict service alone",
                      usage_error::kind::together, {"--shield"});
  return one;
}

} // namespace

supervisor_command
parse_supervisor_command_line(const std::vector<std::string>& words) {
  supervisor_parser p;
  supervisor_command result;
  if (auto other = take_words(p.app, words, supervisor_help_of, p.version,
                              [&] { result = p.finish(); }))
    return std::move(*other);
  return result;
}

config_judge supervisor_judge() {
  return {{"run", "supervise-child"},
          options_of(supervisor_parser{}.app),
          [](const auto& words) {
            return fault_of(parse_supervisor_command_line(words));
          }};
}

} // namespace clearance::services
