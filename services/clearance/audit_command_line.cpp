#include "services/clearance/audit_command_line.hpp"

#include "actors/base/wall_clock.hpp"
#include "services/cli/usage.hpp"
#include "services/operator/audit_time.hpp"

#include <map>
#include <string>

namespace clearance::services {

namespace {

const std::map<std::string, audit_action> audit_actions{
    {"list", audit_action::list},
    {"verify", audit_action::verify},
    {"export", audit_action::export_lines},
};

std::string must_say_something(const std::string& word) {
  return word.empty() ? "must not be empty" : "";
}

void add_audit_time(CLI::App& sub, const char* option, std::int64_t& to) {
  sub.add_option_function<std::string>(
      option, [&to, option](const std::string& word) {
        const auto time = parse_audit_time(word, actors::wall_clock_now());
        if (!time)
          throw bad_value(option, "`" + word
                                      + "` is no time; write 7d, 12h, 30m, "
                                        "2027-01-31 or 2027-01-31T12:00:00Z");
        to = *time;
      });
}

} // namespace

void add_audit_options(CLI::App& sub, audit_config& config) {
  sub.add_option_function<std::string>(
      "ACTION", [&config](const std::string& word) {
        config.action = choice("ACTION", word, audit_actions);
      });
  sub.add_option("PATH", config.paths)->check(must_say_something);
  add_audit_time(sub, "--since", config.filter.since);
  add_audit_time(sub, "--until", config.filter.until);
  auto add_text = [&sub](const char* option, std::string& to) {
    sub.add_option(option, to)->check(must_say_something);
  };
  add_text("--container", config.filter.container);
  add_text("--to", config.filter.target);
  add_text("--by", config.filter.by);
  sub.add_flag("--redact", config.is_redacted);
}

void finish_audit(const CLI::App& sub, const audit_config& config) {
  if (sub.count("ACTION") == 0)
    throw missing("one of list, verify and export is required");
  if (config.is_redacted && config.action != audit_action::export_lines)
    throw usage_fault("--redact needs the action export",
                      usage_error::kind::together, {"ACTION", "--redact"});
  if (config.action != audit_action::verify)
    return;
  for (const char* option :
       {"--since", "--until", "--container", "--to", "--by"})
    if (sub.count(option) > 0)
      throw usage_fault("verify looks at every record: it takes no "
                            + std::string{option},
                        usage_error::kind::together, {"ACTION", option});
}

void add_trail_options(CLI::App& sub, audit_setting& setting) {
  sub.add_option("--audit", setting.file)->check(must_say_something);
  sub.add_flag("--audit-sync", setting.is_synced);
  sub.add_flag("--audit-required", setting.is_required);
}

void finish_trail(const CLI::App& sub, const audit_setting& setting) {
  for (const char* option : {"--audit-sync", "--audit-required"})
    if (setting.is_off() && sub.count(option) > 0)
      throw usage_fault(std::string{option} + " needs an audit trail",
                        usage_error::kind::together, {"--audit", option});
}

} // namespace clearance::services
