// decide() against a second function, which knows the rules of operator.md by
// other means: texts instead of bytes, and one question after another instead
// of one pass.

#include "protocol/operator/policy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace operator_policy_model_tests {

using namespace clearance::protocol;

namespace {

using text_list = std::vector<std::string>;

constexpr std::chrono::sys_days first_day{std::chrono::year{2026} / 11 / 1};

// -- the naive function -------------------------------------------------------

text_list labels_of(std::string name) {
  for (auto& c : name)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (!name.empty() && name.back() == '.')
    name.pop_back();
  text_list result{""};
  for (char c : name) {
    if (c == '.')
      result.emplace_back();
    else
      result.back() += c;
  }
  return result;
}

// `*` and `**` are labels of their own at the front.
bool naive_name_matches(const text_list& pattern, const text_list& name) {
  const bool wild = pattern.front() == "*" || pattern.front() == "**";
  const text_list rest{pattern.begin() + (wild ? 1 : 0), pattern.end()};
  if (name.size() < rest.size()
      || !std::equal(rest.rbegin(), rest.rend(), name.rbegin()))
    return false;
  const auto more = name.size() - rest.size();
  if (pattern.front() == "*")
    return more == 1;
  return pattern.front() == "**" ? more >= 1 : more == 0;
}

std::string bits_of(const ip_address& x) {
  std::string result;
  for (auto byte : x.bytes)
    for (int i = 7; i >= 0; --i)
      result += (byte >> i & 1) != 0 ? '1' : '0';
  return result;
}

bool naive_range_has(const ip_range& range, const ip_address& x) {
  return bits_of(x).starts_with(bits_of(range.base).substr(0, range.bits));
}

bool naive_glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty())
    return text.empty();
  if (pattern.front() == '*')
    return naive_glob(pattern.substr(1), text)
           || (!text.empty() && naive_glob(pattern, text.substr(1)));
  return !text.empty() && pattern.front() == text.front()
         && naive_glob(pattern.substr(1), text.substr(1));
}

bool contains(const std::vector<std::int64_t>& xs, std::int64_t x) {
  return std::count(xs.begin(), xs.end(), x) > 0;
}

enum class answer { no, allow, deny, ask };

answer naive_answer(const policy_rule& rule, const policy_question& x,
                    const policy_circumstances& when) {
  if (rule.expires && when.now >= *rule.expires + std::chrono::hours{24})
    return answer::no;
  for (const auto& [key, pattern] : rule.on) {
    bool found = key == "container" && naive_glob(pattern, x.container);
    for (const auto& [name, value] : x.dossier)
      found |= key != "container" && name == key && naive_glob(pattern, value);
    if (!found)
      return answer::no;
  }
  const bool allows = rule.action == policy_action::allow;
  std::size_t listed = 0;
  for (auto port : x.ports)
    listed += contains(rule.ports, port);
  if (!rule.ports.empty()
      && (allows ? listed == 0 || listed != x.ports.size() || x.more_ports
                 : listed == 0))
    return answer::no;
  bool by_name = false, below_is_meant = false, by_range = false;
  if (!x.domain.empty())
    for (const auto& pattern : rule.names) {
      const bool hit = naive_name_matches(labels_of(to_string(pattern)),
                                          labels_of(std::string{x.domain}));
      by_name |= hit;
      below_is_meant |= hit && to_string(pattern).starts_with("**.");
    }
  for (const auto& range : rule.ranges)
    for (const auto& address : x.addresses)
      by_range |= naive_range_has(range, address);
  if (x.domain.empty() ? !by_range : !by_name && (allows || !by_range))
    return answer::no;
  if (rule.action == policy_action::deny)
    return answer::deny;
  if (!allows)
    return answer::ask;
  for (auto each : {flag::private_address, flag::loopback, flag::link_local,
                    flag::metadata_service}) {
    bool meant = false;
    for (const auto& range : rule.ranges)
      meant |= x.domain.empty() && naive_range_has(range, x.addresses[0])
               && lies_within(range, each);
    if (x.flags.has(each) && !meant)
      return answer::ask;
  }
  if (x.flags.has(flag::wide_target))
    return answer::ask;
  if (x.flags.has(flag::automatic_failed))
    return answer::ask;
  if (!rule.opens_everything
      && ((!rule.ports.empty() && !when.shield.ports)
          || (!x.domain.empty() && !below_is_meant
              && !when.shield.exact_names)))
    return answer::ask;
  return answer::allow;
}

policy_action naive_decision(const policy& rules, const policy_question& x,
                             const policy_circumstances& when) {
  if (x.flags.has(flag::bad_name)
      || (x.domain.empty() && x.addresses.size() != 1))
    return policy_action::ask;
  auto any = [&](answer y) {
    return std::any_of(
        rules.rules.begin(), rules.rules.end(),
        [&](const auto& rule) { return naive_answer(rule, x, when) == y; });
  };
  if (any(answer::deny))
    return policy_action::deny;
  auto result = rules.fallback;
  if (any(answer::ask))
    result = policy_action::ask;
  else if (any(answer::allow))
    result = policy_action::allow;
  if (result == policy_action::ask && x.unattended
      && rules.unattended == unattended_blocks::deny)
    result = policy_action::deny;
  return result;
}

// -- random policies and questions, of few words so that they meet -----------

class policy_dice {
public:
  explicit policy_dice(unsigned seed) : engine_(seed) {
    // nop
  }

  std::size_t below(std::size_t n) { return engine_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }

  template <class T>
  T one_of(std::initializer_list<T> xs) {
    return *(xs.begin() + below(xs.size()));
  }

  std::string name() {
    return one_of<const char*>({"a.org", "b.a.org", "c.b.a.org", "evila.org",
                                "A.Org.", "org.a", "xn--a.org", "localhost",
                                "org"});
  }

  std::string address() {
    return one_of<const char*>({"8.8.8.8", "8.8.4.4", "10.0.0.1", "127.0.0.1",
                                "169.254.169.254", "2001:db8::1", "::1",
                                "64:ff9b::10.0.0.1"});
  }

  policy_rule rule(std::size_t number) {
    policy_rule result;
    result.name = "rule " + std::to_string(number);
    for (auto n = below(3); n > 0; --n)
      result.names.push_back(*parse_name_pattern(
          one_of<const char*>({"", "", "*.", "**."}) + name()));
    for (auto n = below(3);
         n > 0 || result.names.size() + result.ranges.size() == 0;
         n -= n > 0 ? 1 : 0)
      result.ranges.push_back(*parse_ip_range(one_of<const char*>(
          {"8.8.8.8", "8.8.0.0/16", "0.0.0.0/0", "10.0.0.0/8", "::/0",
           "127.0.0.0/8", "169.254.0.0/16", "169.254.169.254",
           "64:ff9b::10.0.0.1", "2001:db8::/32"})));
    if (one_in(3))
      result.on.emplace_back(one_of<const char*>({"project", "container"}),
                             one_of<const char*>({"a*", "alpha", "*", "b"}));
    if (one_in(3))
      for (auto n = 1 + below(2); n > 0; --n)
        result.ports.push_back(one_of<std::int64_t>({80, 443, 22}));
    result.action = one_of({policy_action::allow, policy_action::allow,
                            policy_action::allow, policy_action::allow,
                            policy_action::deny, policy_action::ask});
    if (one_in(2))
      result.expires = first_day + std::chrono::days{below(3)};
    result.opens_everything = one_in(2);
    result.quiet = one_in(3);
    return result;
  }

  policy rules() {
    policy result;
    for (auto n = below(5); n > 0; --n)
      result.rules.push_back(rule(n));
    result.fallback = one_of({policy_action::ask, policy_action::deny});
    result.unattended =
        one_of({unattended_blocks::queue, unattended_blocks::deny});
    return result;
  }

  policy_circumstances circumstances() {
    return {{one_in(2), one_in(2), one_in(2)},
            first_day + std::chrono::hours{below(100)}};
  }

private:
  std::mt19937 engine_;
};

struct random_question {
  explicit random_question(policy_dice& dice)
      : container(dice.one_of<const char*>({"alpha", "b", "web"})) {
    if (!dice.one_in(4))
      notes = {{"project", dice.one_of<const char*>({"alpha", "b"})},
               {"container", "alpha"}};
    if (!dice.one_in(3))
      domain = dice.one_in(8) ? "10.0.0.1" : dice.name();
    for (auto n = domain.empty() ? 1 : dice.below(4); n > 0; --n)
      addresses.push_back(*parse_ip_address(dice.address()));
    for (auto n = dice.below(3); n > 0; --n)
      ports.push_back(dice.one_of<std::int64_t>({80, 443, 22}));
    view = {.container = container,
            .dossier = notes,
            .domain = domain,
            .addresses = addresses,
            .ports = ports,
            .more_ports = dice.one_in(8),
            .flags = find_flags({.domain = domain,
                                 .addresses = addresses,
                                 .automatic_failed = dice.one_in(8),
                                 .has_odd_address = dice.one_in(8)}),
            .unattended = dice.one_in(4)};
  }
  random_question(const random_question&) = delete;
  random_question& operator=(const random_question&) = delete;

  std::string container;
  dossier notes;
  std::string domain;
  std::vector<ip_address> addresses;
  std::vector<std::int64_t> ports;
  policy_question view;
};

} // namespace

TEST_CASE("the deciding function agrees with a second, naive one") {
  std::size_t seen[3]{};
  for (unsigned seed = 0; seed < 20000; ++seed) {
    policy_dice dice{seed};
    const auto rules = dice.rules();
    const random_question question{dice};
    const auto when = dice.circumstances();
    const auto ruling = decide(rules, question.view, when);
    REQUIRE_MESSAGE(ruling.action == naive_decision(rules, question.view, when),
                    seed);
    ++seen[static_cast<std::size_t>(ruling.action)];
  }
  for (auto count : seen)
    CHECK_GT(count, 500); // each action was tried
}

TEST_CASE("the order of rules changes nothing") {
  for (unsigned seed = 0; seed < 5000; ++seed) {
    policy_dice dice{seed};
    auto rules = dice.rules();
    const random_question question{dice};
    const auto when = dice.circumstances();
    const auto ruling = decide(rules, question.view, when);
    auto shuffled = rules;
    std::shuffle(shuffled.rules.begin(), shuffled.rules.end(),
                 std::mt19937{seed});
    const auto other = decide(shuffled, question.view, when);
    REQUIRE_MESSAGE(ruling.action == other.action, seed);
    REQUIRE_EQ(ruling.because, other.because);
    REQUIRE_EQ(ruling.quiet, other.quiet);
    REQUIRE_EQ(ruling.matched.size(), other.matched.size());
    REQUIRE_EQ(ruling.rule == nullptr, other.rule == nullptr);
    if (ruling.rule != nullptr)
      REQUIRE_EQ(ruling.rule->name, other.rule->name);
  }
}

TEST_CASE("one more rule that denies or asks never allows anything") {
  for (unsigned seed = 0; seed < 5000; ++seed) {
    policy_dice dice{seed};
    auto rules = dice.rules();
    const random_question question{dice};
    const auto when = dice.circumstances();
    const auto before = decide(rules, question.view, when).action;
    rules.rules.push_back(dice.rule(9));
    if (rules.rules.back().action == policy_action::allow)
      continue;
    const auto after = decide(rules, question.view, when).action;
    if (after == policy_action::allow)
      REQUIRE_MESSAGE(before == policy_action::allow, seed);
  }
}

TEST_CASE("explain never differs from decide") {
  for (unsigned seed = 0; seed < 5000; ++seed) {
    policy_dice dice{seed};
    const auto rules = dice.rules();
    const random_question question{dice};
    const auto when = dice.circumstances();
    const auto a = decide(rules, question.view, when);
    const auto b = explain(rules, question.view, when).ruling;
    REQUIRE_MESSAGE(a.action == b.action, seed);
    REQUIRE_EQ(a.rule, b.rule);
    REQUIRE(a.matched == b.matched);
  }
}

} // namespace operator_policy_model_tests
