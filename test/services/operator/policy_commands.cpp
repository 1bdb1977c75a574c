#include "services/operator/policy_file.hpp"
#include "services/operator/policy_proposal.hpp"
#include "services/operator/policy_test_file.hpp"
#include "services/operator/public_suffix.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>

namespace policy_commands_tests {

using namespace clearance;
using namespace clearance::services;

namespace {

std::string test_fault(const std::string& text) {
  const auto result = parse_policy_test("t.toml", text);
  const auto* fault = std::get_if<protocol::policy_fault>(&result);
  return fault == nullptr ? "none" : to_string(*fault);
}

protocol::audit_line decided(const std::string& target,
                             const std::string& action,
                             const std::string& container = "c1") {
  protocol::audit_line result;
  result.event = "decision_result";
  result.by_kind = "operator";
  result.result = "applied";
  result.action = action;
  result.target = target;
  result.container = container;
  result.time = 1'700'000'000'000'000;
  return result;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("a file of tests says what a policy must decide") {
  const auto result = parse_policy_test("t.toml", "version = 1\n"
                                                  "[[test]]\n"
                                                  "to = 'pypi.org'\n"
                                                  "container = 'c'\n"
                                                  "on = { project = 'alpha' }\n"
                                                  "ports = [443]\n"
                                                  "addresses = ['10.0.0.1']\n"
                                                  "expect = 'deny'\n");
  const auto& all = std::get<std::vector<policy_expectation>>(result);
  REQUIRE_EQ(all.size(), 1);
  CHECK_EQ(all[0].line, 2);
  CHECK_EQ(all[0].target, "pypi.org");
  CHECK(all[0].expected == protocol::policy_action::deny);
  const auto asked = all[0].asked.question();
  CHECK(asked.domain == "pypi.org");
  CHECK(asked.container == "c");
  CHECK_EQ(asked.ports.size(), 1);
  CHECK(asked.flags.has(protocol::flag::private_address));
}

TEST_CASE("a fault of a file of tests is named by line and key") {
  CHECK_EQ(test_fault("version = 1\n"),
           "t.toml:1: test: is missing: nothing is tested");
  CHECK_EQ(test_fault("[[test]]\nto = 'a.org'\nexpect = 'ask'\n"),
           "t.toml:1: version: is missing");
  const std::string start = "version = 1\n[[test]]\n";
  CHECK_EQ(test_fault(start + "to = 'a.org'\n"),
           "t.toml:2: expect: is missing");
  CHECK_EQ(test_fault(start + "expect = 'ask'\n"), "t.toml:2: to: is missing");
  CHECK_EQ(test_fault(start + "to = 'a.org'\nexpect = 'maybe'\n"),
           "t.toml:4: expect: must be allow, deny or ask");
  CHECK_EQ(test_fault(start + "to = 'a.org'\nport = 443\nexpect = 'ask'\n"),
           "t.toml:4: port: is no key of a test");
  CHECK_EQ(
      test_fault(start + "to = 'a.org'\nports = [65536]\nexpect = 'ask'\n"),
      "t.toml:4: ports: takes whole numbers from 0 to 65535");
  CHECK_EQ(
      test_fault(start + "to = 'a.org'\naddresses = ['b']\nexpect = 'ask'\n"),
      "t.toml:4: addresses: takes addresses");
  CHECK(holds(test_fault("version = \n"), "t.toml:1:"));
}

TEST_CASE("what operators decided alike becomes rules that a person signs") {
  policy_proposal x;
  x.add(decided("PyPI.org.", "allow"));
  x.add(decided("pypi.org", "allow"));
  x.add(decided("ads.org", "deny"));
  x.add(decided("ads.org", "deny", "c2"));
  // Not: decided differently, flagged, not applied, not by a person.
  x.add(decided("both.org", "allow"));
  x.add(decided("both.org", "deny"));
  x.add(decided("10.0.0.1", "allow"));
  x.add(decided("localhost", "allow"));
  x.add(decided("bad_name.org\nto = []", "allow"));
  auto other = decided("failed.org", "allow");
  other.result = "failed";
  x.add(other);
  other = decided("policy.org", "allow");
  other.by_kind = "policy";
  x.add(other);
  auto text = x.text(1'700'000'000'000'000);
  CAPTURE(text);
  // Nothing is in force before somebody has said why.
  const auto unsigned_rules = parse_policy("p.toml", text);
  const auto* fault = std::get_if<protocol::policy_fault>(&unsigned_rules);
  REQUIRE(fault != nullptr);
  CHECK(holds(to_string(*fault), ": why: must not be empty"));
  const std::string empty = "why = \"\"";
  for (auto at = text.find(empty); at != text.npos; at = text.find(empty))
    text.replace(at, empty.size(), "why = \"we build with it\"");
  const auto result = parse_policy("p.toml", text);
  REQUIRE(std::holds_alternative<protocol::policy_part>(result));
  const auto& rules = std::get<protocol::policy_part>(result).rules.rules;
  REQUIRE_EQ(rules.size(), 2);
  CHECK_EQ(rules[0].name, "deny ads.org");
  CHECK(rules[0].on.empty());
  CHECK_EQ(rules[1].name, "allow pypi.org");
  CHECK_EQ(rules[1].on.at(0).second, "c1");
  CHECK(rules[1].expires
        == std::chrono::sys_days{std::chrono::year{2023} / 12 / 14});
  CHECK(holds(text, "# allow 2 times in 1 container"));
  CHECK(holds(text, "allowed and denied: 1 target"));
  CHECK(holds(text, "3 targets"));
}

TEST_CASE("nothing decided is a policy without rules") {
  const auto result =
      parse_policy("p.toml", policy_proposal{}.text(1'700'000'000'000'000));
  REQUIRE(std::holds_alternative<protocol::policy_part>(result));
}

TEST_CASE("a wildcard over a public suffix is found") {
  if (!has_public_suffixes())
    return test::skipped("needs libpsl and a list of public suffixes");
  const std::string rule = "version = 1\n[[rule]]\nname = 'a'\nwhy = 'b'\n"
                           "action = 'deny'\nto = ['";
  auto warnings = [&](const std::string& target) {
    const auto result =
        parse_policy("p.toml", rule + target + "']\n", public_suffixes());
    return std::get<protocol::policy_part>(result).warnings.size();
  };
  CHECK_EQ(warnings("**.co.uk"), 1);
  CHECK_EQ(warnings("*.github.io"), 1);
  CHECK_EQ(warnings("*.example.co.uk"), 0);
  CHECK_EQ(warnings("*.pythonhosted.org"), 0);
}

} // namespace policy_commands_tests
