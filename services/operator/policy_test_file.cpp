#include "services/operator/policy_test_file.hpp"

#include "services/operator/policy_file.hpp"

#include <optional>
#include <utility>

namespace clearance::services {

namespace {

using protocol::policy_fault;
using protocol::policy_member;
using protocol::policy_value;
using test_value = policy_value::kind;

/// Reads one file. Throws policy_fault, which parse_policy_test() catches.
class test_reader {
public:
  explicit test_reader(std::string file) : file_(std::move(file)) {}

  std::vector<policy_expectation> read(const policy_value& root) {
    std::vector<policy_expectation> result;
    bool has_version = false;
    for (const auto& x : root.members) {
      if (x.key == "version") {
        has_version = true;
        need(x.value.type == test_value::integer && x.value.number == 1, x,
             "must be 1");
      } else if (x.key == "test") {
        need(x.value.type == test_value::list, x, "must be written [[test]]");
        for (const auto& each : x.value.items)
          result.push_back(read_test(x, each));
      } else {
        need(false, x, "is no key of a file of tests");
      }
    }
    if (!has_version)
      throw policy_fault{file_, 1, "version", "is missing"};
    if (result.empty())
      throw policy_fault{file_, 1, "test", "is missing: nothing is tested"};
    return result;
  }

private:
  void need(bool is_good, const policy_member& x, const char* why) const {
    if (!is_good)
      throw policy_fault{file_, x.line, x.key, why};
  }

  const std::string& text_of(const policy_member& x) const {
    need(x.value.type == test_value::text && !x.value.text.empty(), x,
         "must be a text that is not empty");
    return x.value.text;
  }

  policy_expectation read_test(const policy_member& list,
                               const policy_value& x) const {
    need(x.type == test_value::table, list, "must be written [[test]]");
    policy_expectation result;
    result.line = x.line;
    std::optional<protocol::policy_action> expected;
    for (const auto& each : x.members)
      if (each.key == "to")
        result.target = text_of(each);
    if (result.target.empty())
      throw policy_fault{file_, x.line, "to", "is missing"};
    result.asked.set_target(result.target);
    for (const auto& each : x.members)
      if (each.key == "expect") {
        expected = protocol::parse_policy_action(text_of(each));
        need(expected.has_value(), each, "must be allow, deny or ask");
      } else {
        read_fact(each, result.asked);
      }
    if (!expected)
      throw policy_fault{file_, x.line, "expect", "is missing"};
    result.expected = *expected;
    return result;
  }

  void read_fact(const policy_member& x, protocol::policy_inquiry& to) const {
    if (x.key == "container") {
      to.container = text_of(x);
    } else if (x.key == "on") {
      need(x.value.type == test_value::table, x, "must be a table");
      for (const auto& each : x.value.members)
        to.dossier.emplace_back(each.key, text_of(each));
    } else if (x.key == "ports") {
      need(x.value.type == test_value::list, x, "must be a list of ports");
      for (const auto& each : x.value.items) {
        need(each.type == test_value::integer && each.number >= 0
                 && each.number <= 65535,
             x, "takes whole numbers from 0 to 65535");
        to.ports.push_back(each.number);
      }
    } else if (x.key == "addresses") {
      need(x.value.type == test_value::list, x, "must be a list of addresses");
      for (const auto& each : x.value.items)
        need(each.type == test_value::text && to.add_address(each.text), x,
             "takes addresses");
    } else if (x.key == "unattended") {
      need(x.value.type == test_value::boolean, x, "must be true or false");
      to.unattended = x.value.truth;
    } else {
      need(x.key == "to", x, "is no key of a test");
    }
  }

  std::string file_;
};

} // namespace

std::variant<std::vector<policy_expectation>, policy_fault>
parse_policy_test(const std::string& file, std::string_view text) try {
  auto root = parse_policy_toml(file, text);
  if (auto* fault = std::get_if<policy_fault>(&root))
    return std::move(*fault);
  return test_reader{file}.read(std::get<policy_value>(root));
} catch (const policy_fault& x) {
  return x;
}

} // namespace clearance::services
