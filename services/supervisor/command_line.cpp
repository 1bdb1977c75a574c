#include "protocol/base/container_id.hpp"
#include "protocol/supervisor/sidecar.hpp"
#include "services/cli/usage.hpp"
#include "services/supervisor/help.hpp"
#include "services/supervisor/supervisor.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <map>
#include <system_error>

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

std::int32_t pid_of(const std::string& word) {
  std::int32_t result = 0;
  const auto* end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, result);
  if (read.ec != std::errc{} || read.ptr != end || result < 1)
    throw bad_value("PID", "`" + word + "` is not a process's number");
  return result;
}

struct supervisor_parser {
  supervisor_parser();

  supervisor_command finish();

  CLI::App app{"", "terok-supervisor"};
  CLI::App* run = nullptr;
  CLI::App* child = nullptr;
  CLI::App* parent = nullptr;
  supervise_options all;
  supervise_child_options one;
  parent_options whole;
  std::string service;
  std::string pid;
  bool version = false;

private:
  static void check_id(const std::string& word);
  static void check_audit(const CLI::App& app, const audit_setting& x);
  static void add_level(CLI::App& app, log_level& to);
  static void add_audit(CLI::App& app, audit_setting& to);
  static void add_prompts(CLI::App& app, bool& is_without,
                          policy_setting& policy);
};

void supervisor_parser::add_level(CLI::App& app, log_level& to) {
  app.add_option_function<std::string>(
      "--log-level", [&to](const std::string& word) {
        to = choice("--log-level", word, log_levels);
      });
}

void supervisor_parser::add_audit(CLI::App& app, audit_setting& to) {
  add(app, "--audit", to.file);
  app.add_flag("--audit-sync", to.is_synced);
  app.add_flag("--audit-required", to.is_required);
}

void supervisor_parser::add_prompts(CLI::App& app, bool& is_without,
                                    policy_setting& policy) {
  auto* no_prompts = app.add_flag("--no-prompts", is_without);
  auto* no_policy = app.add_flag("--no-policy", policy.is_off);
  app.add_option("--policy", policy.directories)
      ->allow_extra_args(false)
      ->check([](const std::string& word) {
        return word.empty() ? "must not be empty" : "";
      })
      ->excludes(no_policy)
      ->excludes(no_prompts);
}

supervisor_parser::supervisor_parser() {
  app.require_subcommand(1);
  app.add_flag("--version", version);
  run = app.add_subcommand("run");
  add(*run, "--sidecar-dir", all.sidecar_dir)->required();
  run->add_flag("--podman", all.podman);
  add(*run, "--shield", all.shield);
  add(*run, "--selinux-type", all.selinux_type);
  add_prompts(*run, all.is_without_prompts, all.policy);
  add_audit(*run, all.audit);
  add(*run, "--metrics", all.metrics);
  add_level(*run, all.level);
  child = app.add_subcommand("supervise-child");
  add(*child, "SERVICE", service)->required();
  add(*child, "CONTAINER_ID", one.container_id)->required();
  add(*child, "SIDECAR", one.sidecar)->required();
  add(*child, "--shield", one.shield);
  add(*child, "--selinux-type", one.selinux_type);
  add_prompts(*child, one.is_without_prompts, one.policy);
  add_audit(*child, one.audit);
  add(*child, "--metrics", one.metrics);
  add_level(*child, one.level);
  parent = app.add_subcommand("supervisor");
  add(*parent, "CONTAINER_ID", whole.container_id)->required();
  add(*parent, "SIDECAR", whole.sidecar)->required();
  add(*parent, "PID", pid);
  add(*parent, "--shield", whole.shield);
  add(*parent, "--delegate", whole.delegate);
  parent->add_flag("--isolate", whole.isolate);
  add(*parent, "--selinux-type", whole.selinux_type);
  add_prompts(*parent, whole.is_without_prompts, whole.policy);
  add_audit(*parent, whole.audit);
  add(*parent, "--metrics", whole.metrics);
  add_level(*parent, whole.level);
}

// A hook may pass the id or the name.
void supervisor_parser::check_id(const std::string& word) {
  if (!protocol::is_container_id(word) && !protocol::is_container_name(word))
    throw bad_value("CONTAINER_ID",
                    "`" + word
                        + "` is neither 12 to 64 hexadecimal digits nor a "
                          "container's name");
}

void supervisor_parser::check_audit(const CLI::App& app,
                                    const audit_setting& x) {
  for (const char* option : {"--audit-sync", "--audit-required"})
    if (x.is_off() && app.count(option) > 0)
      throw usage_fault(std::string{option} + " needs an audit trail",
                        usage_error::kind::together, {"--audit", option});
}

supervisor_command supervisor_parser::finish() {
  check_audit(*run, all.audit);
  check_audit(*parent, whole.audit);
  check_audit(*child, one.audit);
  if (run->parsed())
    return all;
  if (parent->parsed()) {
    check_id(whole.container_id);
    if (!pid.empty())
      whole.pid = pid_of(pid);
    if (whole.isolate && !whole.metrics.empty()
        && !whole.metrics.ends_with('/'))
      throw usage_fault("--metrics with --isolate takes a directory, DIR/: hub "
                        "and gate are two processes, each with a socket there",
                        usage_error::kind::together,
                        {"--isolate", "--metrics"});
    return whole;
  }
  one.service = choice("SERVICE", service, child_services);
  check_id(one.container_id);
  if (one.service != child_service::verdict && !one.shield.empty())
    throw usage_fault("--shield is for the verdict service alone",
                      usage_error::kind::together, {"--shield"});
  if (one.service == child_service::verdict && !one.metrics.empty())
    throw usage_fault("--metrics is for the clearance and gate services alone",
                      usage_error::kind::together, {"--metrics"});
  if (one.service != child_service::clearance)
    for (const char* option : {"--policy", "--no-policy", "--audit",
                               "--audit-sync", "--audit-required"})
      if (child->count(option) > 0)
        throw usage_fault(std::string{option}
                              + " is for the clearance service alone",
                          usage_error::kind::together, {option});
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
  return {{"run", "supervise-child", "supervisor"},
          options_of(supervisor_parser{}.app),
          [](const auto& words) {
            return fault_of(parse_supervisor_command_line(words));
          }};
}

} // namespace clearance::services
