#include "services/operator/policy_commands.hpp"

#include "actors/base/wall_clock.hpp"
#include "actors/io/base/small_file.hpp"
#include "protocol/operator/limits.hpp"
#include "protocol/operator/policy_inquiry.hpp"
#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"
#include "services/operator/audit_file.hpp"
#include "services/operator/audit_reader.hpp"
#include "services/operator/hub_audit.hpp"
#include "services/operator/hub_policy.hpp"
#include "services/operator/policy_proposal.hpp"
#include "services/operator/policy_test_file.hpp"
#include "services/process/exit_code.hpp"

#include <chrono>
#include <fcntl.h>
#include <optional>
#include <variant>

namespace clearance::services {

namespace {

using protocol::policy_fault;

// Nothing: it has a fault, which was said.
std::optional<protocol::policy> load_or_complain(const policy_setting& where) {
  auto loaded = load_policy(policy_directories(where));
  if (const auto* fault = std::get_if<policy_fault>(&loaded)) {
    complain(to_string(*fault));
    return std::nullopt;
  }
  return std::get<protocol::policy_part>(std::move(loaded)).rules;
}

// What the shield can do is not known here: as if it could do nothing more.
protocol::policy_circumstances circumstances_now() {
  return {{},
          std::chrono::sys_seconds{
              std::chrono::seconds{actors::wall_clock_now() / 1'000'000}}};
}

int print_all(const std::string& text, int code) {
  const auto why = print(text);
  if (why.empty())
    return code;
  complain(why);
  return exit_failed;
}

std::string rule_place(const protocol::policy_rule& x) {
  return shown(x.name) + " (" + shown(x.file) + ":" + std::to_string(x.line)
         + ")";
}

} // namespace

int explain_policy(const policy_explain_config& config) {
  protocol::policy_inquiry asked;
  asked.container = config.container;
  asked.dossier = config.dossier;
  asked.ports = config.ports;
  asked.set_target(config.target);
  for (const auto& each : config.addresses)
    if (!asked.add_address(each)) {
      complain("--address: " + shown(each) + " is no address");
      return exit_usage;
    }
  const auto rules = load_or_complain(config.where);
  if (!rules)
    return exit_usage;
  const auto now = circumstances_now();
  const auto x = protocol::explain(*rules, asked.question(), now);
  auto text = std::string{to_string(x.ruling.action)} + "\n";
  for (const auto* rule : x.ruling.matched)
    text += "rule: " + rule_place(*rule) + "\n";
  for (const auto* rule : x.ruling.withheld)
    text += "rule " + shown(rule->name) + " is an ask and no allow: "
            + protocol::why_withheld(*rule, asked.question(), now) + "\n";
  for (const auto& each : x.unknown)
    text += "unknown: " + shown(each) + "\n";
  return print_all(text + protocol::escaped(x.opens) + "\n", exit_ok);
}

int test_policy(const policy_test_config& config) {
  auto file = io::open_regular(AT_FDCWD, config.file);
  auto bad = [&](const std::string& why) {
    complain(shown(config.file) + " cannot be read: " + why);
    return exit_usage;
  };
  if (const auto* fault = std::get_if<io::file_fault>(&file))
    return bad(fault->why);
  constexpr auto max = protocol::operator_limits::policy_file_max_bytes;
  const auto text =
      io::read_up_to(std::get<io::regular_file>(file).fd.get(), max);
  if (const auto* fault = std::get_if<io::file_fault>(&text))
    return bad(fault->why);
  if (std::get<std::string>(text).size() > max)
    return bad("is larger than " + std::to_string(max) + " bytes");
  const auto tests =
      parse_policy_test(config.file, std::get<std::string>(text));
  if (const auto* fault = std::get_if<policy_fault>(&tests)) {
    complain(to_string(*fault));
    return exit_usage;
  }
  const auto rules = load_or_complain(config.where);
  if (!rules)
    return exit_usage;
  const auto& all = std::get<std::vector<policy_expectation>>(tests);
  std::string result;
  std::size_t failed = 0;
  const auto now = circumstances_now();
  for (const auto& each : all) {
    const auto x = protocol::decide(*rules, each.asked.question(), now);
    if (x.action == each.expected)
      continue;
    ++failed;
    result += shown(config.file) + ":" + std::to_string(each.line) + ": "
              + shown(each.target) + ": expected "
              + std::string{to_string(each.expected)} + ", is "
              + std::string{to_string(x.action)};
    if (x.rule != nullptr)
      result += " by " + rule_place(*x.rule);
    else
      result += ", because no rule matches";
    if (x.action == protocol::policy_action::ask)
      for (const auto* rule : x.withheld)
        result += "; rule " + shown(rule->name) + " is no allow: "
                  + protocol::why_withheld(*rule, each.asked.question(), now);
    result += "\n";
  }
  result += std::to_string(all.size())
            + (all.size() == 1 ? " test, " : " tests, ")
            + std::to_string(failed) + " failed\n";
  return print_all(result, failed == 0 ? exit_ok : exit_failed);
}

int propose_policy(const policy_propose_config& config) try {
  auto paths = config.trails;
  if (paths.empty())
    paths.push_back(audit_directory());
  policy_proposal result;
  for (const auto& trail : find_audit_trails(paths))
    for (const auto& file : trail.files)
      read_audit_file(file, [&](const audit_place_in_file& x) {
        auto parsed = protocol::parse_audit_line(x.text);
        const auto* known = std::get_if<protocol::audit_line>(&parsed);
        if (known != nullptr && x.is_whole && known->time >= config.since)
          result.add(*known);
      });
  return print_all(result.text(actors::wall_clock_now()), exit_ok);
} catch (const audit_fault& x) {
  complain(x.what());
  return exit_failed;
}

} // namespace clearance::services
