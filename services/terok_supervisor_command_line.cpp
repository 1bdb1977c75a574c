#include "protocol/sidecar.hpp"
#include "services/exit_code.hpp"
#include "services/terok_supervisor.hpp"
#include "services/terok_supervisor_help.hpp"
#include "services/usage.hpp"

#include <CLI/CLI.hpp>

#include <map>

// As in command_line.cpp: CLI11 splits and checks the words, its texts and
// exit codes are replaced.
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

struct parser {
  parser();

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

void parser::add_level(CLI::App& app, log_level& to) {
  app.add_option_function<std::string>(
      "--log-level", [&to](const std::string& word) {
        to = choice("--log-level", word, log_levels);
      });
}

parser::parser() {
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

supervisor_command parser::finish() {
  if (run->parsed())
    return all;
  one.service = choice("SERVICE", service, child_services);
  if (!protocol::is_container_id(one.container_id))
    throw usage_fault("CONTAINER_ID: `" + one.container_id
                      + "` is not 12 to 64 hexadecimal digits");
  if (one.service != child_service::verdict && !one.shield.empty())
    throw usage_fault("--shield is for the verdict service alone");
  return one;
}

std::string reached(const CLI::App& app) {
  auto subs = app.get_subcommands();
  return subs.empty() ? std::string{} : subs.front()->get_name();
}

supervisor_told version() {
  return {exit_ok, "terok-supervisor " CLEARANCE_VERSION "\n", ""};
}

supervisor_told fault(const CLI::App& app, const std::string& what) {
  auto name = reached(app);
  return {exit_usage, "",
          usage_error("terok-supervisor",
                      "terok-supervisor" + (name.empty() ? "" : " " + name),
                      what)};
}

} // namespace

supervisor_command
parse_supervisor_command_line(const std::vector<std::string>& words) {
  parser p;
  try {
    // Before CLI11, which would only miss a subcommand.
    if (!words.empty() && !words[0].starts_with('-')
        && (words[0].empty() || supervisor_help_of(words[0]).empty()))
      throw usage_fault("there is no subcommand `" + words[0] + "`");
    if (auto why = valued_flag(p.app, words); !why.empty())
      throw usage_fault(why);
    // CLI11 takes them from the back.
    p.app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    return p.version ? version() : p.finish();
  } catch (const CLI::CallForHelp&) {
    return supervisor_told{exit_ok,
                           std::string{supervisor_help_of(reached(p.app))}, ""};
  } catch (const CLI::ArgumentMismatch& e) {
    std::string what = e.what();
    return fault(p.app, what.substr(0, what.find(':')) + " takes one value");
  } catch (const CLI::Error& e) {
    if (p.version)
      return version();
    return fault(p.app, reached(p.app).empty() ? no_subcommand(p.app, e.what())
                                               : e.what());
  } catch (const usage_fault& e) {
    return fault(p.app, e.what());
  }
}

} // namespace clearance::services
