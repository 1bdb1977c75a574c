// Input: a policy file, and a file of tests for one. It is refused with one
// printable line that names the file, or its rules have targets and can decide.

#include "services/operator/policy_file.hpp"

#include "services/operator/policy_test_file.hpp"
#include "test/fuzz/fuzz.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace policy_file_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::services::parse_policy;
using clearance::test::require;

void check_rule(const policy_rule& x) {
  require(!x.name.empty() && !x.why.empty(), "a rule has a name and a reason");
  require(x.line > 0, "a rule has a line");
  require(!x.names.empty() || !x.ranges.empty(), "a rule has a target");
  require(x.action != policy_action::allow || x.expires.has_value(),
          "a rule that allows expires");
  require(
      std::ranges::all_of(x.ports, [](auto y) { return y > 0 && y <= 65535; }),
      "ports are ports");
  for (const auto& y : x.names)
    require(parse_name_pattern(to_string(y)) == y, "a target is read again");
  for (const auto& y : x.ranges)
    require(parse_ip_range(to_string(y)) == y, "a range is read again");
}

void check_decisions(const policy& rules) {
  const std::vector<ip_address> address{*parse_ip_address("10.0.0.1")};
  const std::vector<std::int64_t> ports{443};
  const dossier notes{{"project", "alpha"}};
  for (const auto* domain : {"", "a.org", "10.0.0.1"}) {
    const policy_question x{
        .container = "web",
        .dossier = notes,
        .domain = domain,
        .addresses = address,
        .ports = ports,
        .flags = find_flags({.domain = domain, .addresses = address})};
    const auto ruling = decide(rules, x, {});
    // The address is private: a name does not allow it.
    require(ruling.action != policy_action::allow || *domain == '\0',
            "no name allows a private address");
    require(explain(rules, x, {}).ruling.action == ruling.action,
            "explain says what decide does");
  }
}

// The same text as a file of tests.
void check_tests(std::string_view text) {
  const auto result = clearance::services::parse_policy_test("t.toml", text);
  if (const auto* fault = std::get_if<policy_fault>(&result)) {
    require(to_string(*fault).starts_with("t.toml:"), "a fault names its file");
    return;
  }
  const auto& all =
      std::get<std::vector<clearance::services::policy_expectation>>(result);
  require(!all.empty(), "a file of tests has a test");
  for (const auto& x : all) {
    require(x.line > 0 && !x.target.empty(), "a test has a line and a target");
    decide({}, x.asked.question(), {});
  }
}

void run(const std::uint8_t* data, std::size_t size) {
  const auto text = clearance::test::as_text(data, size);
  check_tests(text);
  auto result = parse_policy(
      "p.toml", text, [](const std::string& name) { return name == "co.uk"; });
  if (const auto* fault = std::get_if<policy_fault>(&result)) {
    const auto line = to_string(*fault);
    require(line.starts_with("p.toml:"), "a fault names its file and line");
    require(
        std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; }),
        "a fault is one printable line");
    return;
  }
  auto& part = std::get<policy_part>(result);
  require(part.rules.fallback != policy_action::allow, "no default allows");
  std::ranges::for_each(part.rules.rules, check_rule);
  check_decisions(part.rules);
  const bool twice = !part.rules.rules.empty();
  require(std::holds_alternative<policy_fault>(combine({part, part})) == twice,
          "names are unique");
}

const clearance::test::fuzzer registered{"policy_file", run};

} // namespace

} // namespace policy_file_fuzzer
