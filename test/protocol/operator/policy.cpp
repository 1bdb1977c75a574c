#include "protocol/operator/policy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace operator_policy_tests {

using namespace clearance::protocol;
using cause = policy_ruling::cause;

namespace {

constexpr std::chrono::sys_days today{std::chrono::year{2026} / 11 / 29};

// A rule of the usual kind; a test changes what it is about.
policy_rule rule_to(policy_action action, std::vector<std::string> targets) {
  policy_rule result;
  result.name = std::string{to_string(action)} + " " + targets.front();
  result.why = "a test";
  for (const auto& x : targets) {
    if (auto range = parse_ip_range(x))
      result.ranges.push_back(*range);
    else
      result.names.push_back(*parse_name_pattern(x));
  }
  result.action = action;
  if (action == policy_action::allow)
    result.expires = today;
  return result;
}

// Owns what a question views.
struct asked {
  std::string container = "web";
  dossier notes{{"project", "alpha"}, {"task", "pip-1"}};
  std::string domain = "pypi.org";
  std::vector<std::string> addresses{"151.101.0.223"};
  std::vector<std::int64_t> ports{443};
  bool more_ports = false;
  bool unattended = false;
  bool failed = false;
  std::vector<ip_address> parsed{};

  policy_question question() {
    parsed.clear();
    for (const auto& x : addresses)
      parsed.push_back(*parse_ip_address(x));
    auto flags = find_flags(
        {.domain = domain, .addresses = parsed, .automatic_failed = failed});
    return {.container = container,
            .dossier = notes,
            .domain = domain,
            .addresses = parsed,
            .ports = ports,
            .more_ports = more_ports,
            .flags = flags,
            .unattended = unattended};
  }
};

struct policy_stage {
  policy rules;
  shield_abilities shield{.seconds = true, .ports = true, .exact_names = true};
  std::chrono::sys_seconds now = today + std::chrono::hours{12};

  policy_ruling operator()(asked x) const {
    return decide(rules, x.question(), {shield, now});
  }
  policy_action action(asked x) const { return (*this)(std::move(x)).action; }
};

policy_stage stage_of(std::vector<policy_rule> rules) {
  policy_stage result;
  result.rules.rules = std::move(rules);
  return result;
}

constexpr auto allow = policy_action::allow;
constexpr auto deny = policy_action::deny;
constexpr auto ask = policy_action::ask;

} // namespace

TEST_CASE("without a rule the policy's default counts") {
  policy_stage stage;
  CHECK_EQ(stage.action({}), ask);
  stage.rules.fallback = deny;
  auto ruling = stage({});
  CHECK_EQ(ruling.action, deny);
  CHECK_EQ(ruling.because, cause::fallback);
  CHECK(ruling.rule == nullptr);
}

TEST_CASE("deny beats ask beats allow, in any order") {
  std::vector<policy_rule> rules{rule_to(allow, {"pypi.org"}),
                                 rule_to(deny, {"pypi.org"}),
                                 rule_to(ask, {"pypi.org"})};
  for (int i = 0; i < 3; ++i) {
    std::rotate(rules.begin(), rules.begin() + 1, rules.end());
    auto stage = stage_of(rules);
    auto ruling = stage({});
    CHECK_EQ(ruling.action, deny);
    CHECK_EQ(ruling.rule->name, "deny pypi.org");
    CHECK_EQ(ruling.matched.size(), 3);
    CHECK_EQ(stage_of({rules[0], rules[1]}).action({}),
             std::max(rules[0].action, rules[1].action, [](auto a, auto b) {
               auto rank = [](auto x) {
                 return x == deny ? 2 : x == ask ? 1 : 0;
               };
               return rank(a) < rank(b);
             }));
  }
}

TEST_CASE("of several rules the one whose name sorts first is named") {
  auto a = rule_to(deny, {"pypi.org"}), b = a;
  a.name = "a";
  b.name = "b";
  CHECK_EQ(stage_of({a, b})({}).rule->name, "a");
  CHECK_EQ(stage_of({b, a})({}).rule->name, "a");
}

TEST_CASE("names are compared as canonical_name() makes them") {
  auto stage = stage_of({rule_to(allow, {"pypi.org"})});
  CHECK_EQ(stage.action({.domain = "PyPI.ORG."}), allow);
  CHECK_EQ(stage.action({.domain = "evilpypi.org"}), ask);
  CHECK_EQ(stage.action({.domain = "pypi.org.evil.com"}), ask);
  CHECK_EQ(stage.action({.domain = "a.pypi.org"}), ask);
}

TEST_CASE("a target that is neither name nor address is never decided") {
  auto stage =
      stage_of({rule_to(allow, {"pypi.org"}), rule_to(deny, {"0.0.0.0/0"}),
                rule_to(deny, {"::/0"})});
  stage.rules.fallback = deny;
  for (const auto* bad :
       {"10.0.0.1", "::1", "0x7f.1", "a_b.org", "a b", "..."}) {
    auto ruling = stage({.domain = bad});
    CHECK_MESSAGE(ruling.action == ask, bad);
    CHECK_EQ(ruling.because, cause::bad_target);
  }
  // A dest that is no address.
  CHECK_EQ(stage({.domain = "", .addresses = {}}).because, cause::bad_target);
  // Nor without an operator.
  stage.rules.unattended = unattended_blocks::deny;
  CHECK_EQ(stage.action({.domain = "127.1", .unattended = true}), ask);
}

TEST_CASE("conditions match values of the dossier and the container's name") {
  auto rule = rule_to(deny, {"pypi.org"});
  rule.on = {{"project", "alpha"}, {"task", "pip-*"}};
  auto stage = stage_of({rule});
  CHECK_EQ(stage.action({}), deny);
  CHECK_EQ(stage.action({.notes = {{"project", "alpha"}}}), ask);
  CHECK_EQ(stage.action({.notes = {{"project", "beta"}, {"task", "pip-1"}}}),
           ask);
  CHECK_EQ(stage.action({.notes = {}}), ask);
  rule.on = {{"container", "web*"}};
  stage = stage_of({rule});
  CHECK_EQ(stage.action({.container = "web-1"}), deny);
  // The container's name, whatever the dossier says.
  CHECK_EQ(stage.action({.container = "db", .notes = {{"container", "web"}}}),
           ask);
}

TEST_CASE("an allow needs every port in its list, a deny one") {
  auto yes = rule_to(allow, {"pypi.org"}), no = rule_to(deny, {"pypi.org"});
  yes.ports = no.ports = {80, 443};
  CHECK_EQ(stage_of({yes}).action({.ports = {443, 80}}), allow);
  CHECK_EQ(stage_of({yes}).action({.ports = {443, 22}}), ask);
  CHECK_EQ(stage_of({yes}).action({.ports = {443}, .more_ports = true}), ask);
  CHECK_EQ(stage_of({yes}).action({.ports = {}}), ask);
  CHECK_EQ(stage_of({no}).action({.ports = {443, 22}}), deny);
  CHECK_EQ(stage_of({no}).action({.ports = {22}}), ask);
}

TEST_CASE("an allow is withheld where the shield would open more") {
  auto rule = rule_to(allow, {"pypi.org"});
  rule.quiet = true;
  auto stage = stage_of({rule});
  CHECK(stage({}).quiet);
  stage.shield.exact_names = false;
  auto ruling = stage({});
  CHECK_EQ(ruling.action, ask);
  CHECK_EQ(ruling.withheld.size(), 1);
  CHECK_FALSE(ruling.quiet);
  // Names below are meant.
  stage.rules.rules = {rule_to(allow, {"**.pypi.org"})};
  CHECK_EQ(stage.action({.domain = "a.pypi.org"}), allow);
  stage.rules.rules.front().ports = {443};
  CHECK_EQ(stage.action({.domain = "a.pypi.org"}), allow);
  stage.shield.ports = false;
  CHECK_EQ(stage.action({.domain = "a.pypi.org"}), ask);
  stage.rules.rules.front().opens_everything = true;
  CHECK_EQ(stage.action({.domain = "a.pypi.org"}), allow);
  // It is still an allow for the listed ports alone.
  CHECK_EQ(stage.action({.domain = "a.pypi.org", .ports = {22}}), ask);
}

// A name of one label is a whole domain of the world, or a neighbour.
TEST_CASE("a target that may be more than one host is never allowed") {
  auto stage = stage_of({rule_to(allow, {"com", "pypi.org", "0.0.0.0/0"})});
  stage.rules.rules.front().opens_everything = true;
  CHECK_EQ(stage.action({.domain = "com"}), ask);
  CHECK_EQ(stage.action({.domain = "pypi.org"}), allow);
  asked x;
  auto question = x.question();
  question.flags.add(flag::wide_target);
  const policy_circumstances when{stage.shield, stage.now};
  CHECK_EQ(decide(stage.rules, question, when).action, ask);
  CHECK(why_withheld(stage.rules.rules.front(), question, when)
            .find("more than one host")
        != std::string::npos);
  stage = stage_of({rule_to(deny, {"com"})});
  CHECK_EQ(stage.action({.domain = "com"}), deny);
}

TEST_CASE("what no rule can allow is known without a question") {
  using texts = std::vector<std::string>;
  for (const auto& [pattern, name] : {
           std::pair{"com", "com"},
           {"localhost", "localhost"},
           {"a.localhost", "a.localhost"},
           {"**.a.localhost", "b.c.a.localhost"},
           {"metadata.google.internal", "metadata.google.internal"},
           {"*.google.internal", "a.google.internal"},
           {"*.metadata.google.internal", "a.metadata.google.internal"},
           {"pypi.org", "pypi.org"},
           {"**.pypi.org", "a.b.pypi.org"},
           {"co.uk", "co.uk"},
           {"xn--bcher-kva.example", "xn--bcher-kva.example"},
       }) {
    CAPTURE(pattern);
    auto stage = stage_of({rule_to(allow, texts{pattern})});
    stage.rules.rules.front().opens_everything = true;
    const auto why = why_never_allowed(*parse_name_pattern(pattern));
    CHECK_EQ(stage.action({.domain = name}), why.empty() ? allow : ask);
  }
  CHECK(why_never_allowed(*parse_name_pattern("com")).find("one label")
        != std::string::npos);
}

TEST_CASE("a withheld allow says why it is an ask") {
  auto stage = stage_of({rule_to(allow, {"pypi.org"})});
  auto& rule = stage.rules.rules.front();
  const auto why = [&](asked x) {
    const auto question = x.question();
    const bool is_ask =
        decide(stage.rules, question, {stage.shield, stage.now}).action == ask;
    auto result = why_withheld(rule, question, {stage.shield, stage.now});
    CHECK_EQ(is_ask, !result.empty());
    return result.substr(0, result.find(' ', 12));
  };
  rule.ports = {443};
  CHECK_EQ(why({}), "");
  stage.shield = {};
  CHECK_EQ(why({}), "the shield opens");
  CHECK(why_withheld(rule, asked{}.question(), {stage.shield, stage.now})
            .find("every port")
        != std::string::npos);
  rule.ports = {};
  CHECK_EQ(why({}), "the shield opens");
  rule.opens_everything = true;
  CHECK_EQ(why({}), "");
  CHECK_EQ(why({.addresses = {"10.0.0.1"}}), "the target is");
  CHECK_EQ(why({.failed = true}), "the policy's");
}

TEST_CASE("what is withheld is asked, even if the default is deny") {
  auto stage = stage_of({rule_to(allow, {"pypi.org"})});
  stage.rules.fallback = deny;
  CHECK_EQ(stage.action({.addresses = {"10.0.0.1"}}), ask);
}

TEST_CASE("a listed name with a private address is asked") {
  auto stage = stage_of({rule_to(allow, {"pypi.org", "10.0.0.0/8"})});
  for (const auto* address : {"10.0.0.1", "127.0.0.1", "169.254.169.254",
                              "fe80::1", "64:ff9b::10.0.0.1"})
    CHECK_MESSAGE(stage.action({.addresses = {"8.8.8.8", address}}) == ask,
                  address);
}

TEST_CASE("a range never allows a name") {
  auto stage = stage_of({rule_to(allow, {"151.101.0.0/16"})});
  CHECK_EQ(stage.action({}), ask);
  CHECK_EQ(stage.action({.domain = ""}), allow);
  // But it denies one.
  stage.rules.rules = {rule_to(deny, {"151.101.0.0/16"})};
  CHECK_EQ(stage.action({}), deny);
}

TEST_CASE("a special address is allowed by a literal range alone") {
  auto one = [](const char* range, const char* address) {
    return stage_of({rule_to(allow, {range})})
        .action({.domain = "", .addresses = {address}});
  };
  CHECK_EQ(one("0.0.0.0/0", "8.8.8.8"), allow);
  CHECK_EQ(one("0.0.0.0/0", "10.0.0.1"), ask);
  CHECK_EQ(one("10.0.0.0/8", "10.0.0.1"), allow);
  CHECK_EQ(one("10.0.0.1", "10.0.0.1"), allow);
  CHECK_EQ(one("169.254.0.0/16", "169.254.0.1"), allow);
  CHECK_EQ(one("169.254.0.0/16", "169.254.169.254"), ask);
  CHECK_EQ(one("169.254.169.254", "169.254.169.254"), allow);
  CHECK_EQ(one("::/0", "::1"), ask);
  CHECK_EQ(one("10.0.0.0/8", "64:ff9b::10.0.0.1"), ask);
  CHECK_EQ(one("64:ff9b::/96", "64:ff9b::10.0.0.1"), ask);
  CHECK_EQ(one("64:ff9b::10.0.0.1", "64:ff9b::10.0.0.1"), allow);
}

TEST_CASE("after a failed automatic decision a person is asked") {
  auto stage = stage_of({rule_to(allow, {"pypi.org"})});
  CHECK_EQ(stage.action({.failed = true}), ask);
  stage.rules.rules.front().action = deny; // runs nothing, so it cannot fail
  CHECK_EQ(stage.action({.failed = true}), deny);
}

TEST_CASE("a rule is in force until its last day is over") {
  using namespace std::chrono_literals;
  auto stage = stage_of({rule_to(allow, {"pypi.org"})});
  stage.now = today + 24h - 1s;
  CHECK_EQ(stage.action({}), allow);
  stage.now = today + 24h;
  auto ruling = stage({});
  CHECK_EQ(ruling.action, ask);
  CHECK(ruling.matched.empty());
}

TEST_CASE("while nobody attends, what would be asked is denied") {
  policy_stage stage;
  CHECK_EQ(stage.action({.unattended = true}), ask);
  stage.rules.unattended = unattended_blocks::deny;
  CHECK_EQ(stage.action({.unattended = false}), ask);
  auto ruling = stage({.unattended = true});
  CHECK_EQ(ruling.action, deny);
  CHECK_EQ(ruling.because, cause::unattended);
  stage.rules.rules = {rule_to(allow, {"pypi.org"})};
  CHECK_EQ(stage.action({.unattended = true}), allow);
}

TEST_CASE("explain says what decide() would do, and what it does not know") {
  auto rule = rule_to(allow, {"pypi.org"});
  rule.on = {{"project", "alpha"}, {"container", "web"}};
  rule.ports = {443};
  auto stage = stage_of({rule});
  asked known;
  auto x = explain(stage.rules, known.question(), {stage.shield, stage.now});
  CHECK_EQ(x.ruling.action, allow);
  CHECK(x.unknown.empty());
  asked vague{.container = "", .notes = {}, .addresses = {}, .ports = {}};
  x = explain(stage.rules, vague.question(), {stage.shield, stage.now});
  CHECK_EQ(x.ruling.action, ask);
  CHECK(x.unknown
        == std::vector<std::string>{"addresses", "container", "dossier.project",
                                    "ports"});
  // Rules that are over ask for nothing.
  x = explain(stage.rules, vague.question(),
              {stage.shield, today + std::chrono::days{1}});
  CHECK(x.unknown == std::vector<std::string>{"addresses"});
}

TEST_CASE("what an allow opens is said in one sentence") {
  CHECK_EQ(what_an_allow_opens("a.org", {}),
           "An allow opens every port and every protocol of every address that "
           "this name has and will get, names below it included, until the "
           "container ends; a later deny cuts no connection; the name is what "
           "the container claims.");
  CHECK_EQ(what_an_allow_opens("", {.ports = true}),
           "An allow opens the ports that were asked for of this address, "
           "until the container ends; a later deny cuts no connection.");
}

TEST_CASE("actions are words") {
  for (auto x : {allow, deny, ask})
    CHECK_EQ(parse_policy_action(to_string(x)), x);
  CHECK_FALSE(parse_policy_action("Allow"));
  CHECK_FALSE(parse_policy_action(""));
}

} // namespace operator_policy_tests
