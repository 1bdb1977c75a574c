// Every option that a parser takes stands in the help, and the help names no
// other: whoever adds an option is told here to write down what it does. From
// the help go on test/packaging/options.sh, which holds the manual pages
// against it, and completions.sh.
#include "services/clearance/command_line.hpp"
#include "services/clearance/help.hpp"
#include "services/cli/config_file.hpp"
#include "services/gate/gate.hpp"
#include "services/gate/help.hpp"
#include "services/guard/guard.hpp"
#include "services/guard/help.hpp"
#include "services/notify/notify.hpp"
#include "services/supervisor/help.hpp"
#include "services/supervisor/supervisor.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <set>

namespace option_tests {

using namespace clearance::services;

namespace {

using argument = known_option::argument;

/// What a help says of one option, as completions read it.
struct told {
  std::string name;
  bool takes_value = false;

  auto operator<=>(const told&) const = default;
};

/// The lines `  --name ARGUMENT  what it does`.
std::set<told> told_by(std::string_view help) {
  std::set<told> result;
  while (!help.empty()) {
    const auto line = help.substr(0, help.find('\n'));
    help.remove_prefix(std::min(line.size() + 1, help.size()));
    if (!line.starts_with("  --"))
      continue;
    const auto name = line.substr(2, line.find(' ', 2) - 2);
    const auto rest = line.substr(2 + name.size());
    result.insert({std::string{name}, rest.size() > 1 && rest[1] != ' '});
  }
  return result;
}

std::set<told> taken_by(const config_judge& judge,
                        const std::string& subcommand) {
  std::set<told> result{{"--config", true}}; // see with_config()
  for (const auto& x : judge.options)
    // One help tells of all subcommands where a file has no sections for them.
    if (judge.subcommands.empty() || x.subcommand == subcommand)
      result.insert({x.name, x.takes != argument::none});
  return result;
}

void hold(const config_judge& judge, const std::string& subcommand,
          std::string_view help) {
  CAPTURE(subcommand);
  const auto in_parser = taken_by(judge, subcommand);
  const auto in_help = told_by(help);
  for (const auto& x : in_parser) {
    CAPTURE(x.name);
    CAPTURE(x.takes_value);
    CHECK_MESSAGE(in_help.contains(x),
                  "the parser takes it; --help has no such line");
  }
  for (const auto& x : in_help) {
    CAPTURE(x.name);
    CAPTURE(x.takes_value);
    CHECK_MESSAGE(in_parser.contains(x), "--help has it; the parser does not");
  }
}

/// What is given names each subcommand.
void hold_all(const config_judge& judge,
              const std::function<std::string_view(std::string_view)>& help) {
  hold(judge, "", help(""));
  for (const auto& each : judge.subcommands)
    hold(judge, each, help(each));
  for (const auto& x : judge.options) {
    CAPTURE(x.subcommand);
    CHECK((x.subcommand.empty() || !help(x.subcommand).empty()));
  }
}

} // namespace

TEST_CASE("every option of terok-clearance stands in its help") {
  hold_all(command_judge("/run"), help_of);
}

TEST_CASE("every option of terok-gate stands in its help") {
  hold_all(gate_judge(), [](std::string_view) { return gate_help(); });
}

TEST_CASE("every option of terok-guard stands in its help") {
  hold_all(guard_judge(), guard_help_of);
}

TEST_CASE("every option of terok-supervisor stands in its help") {
  hold_all(supervisor_judge(), supervisor_help_of);
}

TEST_CASE("an option that takes one value is refused when it is given twice") {
  for (const auto& judge : {command_judge("/run"), gate_judge(), guard_judge(),
                            supervisor_judge(), notify_command_judge("/run")}) {
    std::size_t seen = 0;
    for (const auto& x : judge.options) {
      if (x.takes != argument::one)
        continue;
      ++seen;
      std::vector<std::string> given;
      if (!x.subcommand.empty())
        given.push_back(x.subcommand);
      // Another value is refused first.
      const std::string value = x.name == "--quiet-hours" ? "22:00-07:00" : "1";
      given.insert(given.end(), {x.name, value, x.name, value});
      CAPTURE(given);
      const auto fault = judge.fault(given);
      CHECK(fault.why == x.name + ": given twice");
      CHECK(fault.options == std::vector{x.name});
    }
    CHECK(seen > 0);
  }
}

TEST_CASE("what a parser takes is told with the form of its value") {
  const auto options = command_judge("/run").options;
  const auto takes = [&](const std::string& subcommand,
                         const std::string& name) {
    const auto found = std::ranges::find_if(options, [&](const auto& x) {
      return x.subcommand == subcommand && x.name == name;
    });
    REQUIRE(found != options.end());
    return found->takes;
  };
  CHECK(takes("serve", "--inline-verdict") == argument::none);
  CHECK(takes("serve", "--shield") == argument::one);
  CHECK(takes("serve", "--log-level") == argument::one);
  CHECK(takes("watch", "--clearance-socket") == argument::many);
  CHECK(takes("emit", "--dossier") == argument::many);
  CHECK(takes("", "--version") == argument::none);
}

} // namespace option_tests
