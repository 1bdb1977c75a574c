#include "protocol/operator/idl.hpp"

#include "protocol/operator/encode.hpp"
#include "test/support/wire/idl.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace operator_idl_tests {

using namespace clearance::protocol;
using namespace clearance::test;
using kind = idl_member::kind;

namespace {

const idl_interface& described() {
  static const auto result = idl_interface::parse(operator_idl);
  return result;
}

idl_fields fields_of(const char* type) {
  return described().member(kind::type, type).fields;
}

// The names of an object's own members.
std::vector<std::string> names_in(const std::string& json) {
  std::vector<std::string> result;
  int depth = 0;
  std::string text;
  bool is_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') {
      if (is_text && depth == 1 && json[i + 1] == ':')
        result.push_back(text);
      is_text = !is_text;
      text.clear();
    } else if (is_text) {
      text += c;
    } else {
      depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
    }
  }
  return result;
}

void check_members(const char* type, const std::string& json, bool is_full) {
  auto names = names_in(json);
  std::vector<std::string> expected;
  for (const auto& [name, text] : fields_of(type))
    if (is_full || !text.starts_with('?'))
      expected.push_back(name);
  CHECK_MESSAGE(names == expected, type);
}

template <class T, class F>
std::string json_of(const T& x, F append) {
  std::string result;
  append(result, x);
  return result;
}

} // namespace

TEST_CASE("the description is valid and has the contract's members") {
  const auto& x = described();
  CHECK_EQ(x.name, "org.terok.ClearanceOperator1");
  CHECK_EQ(x.all(kind::method).size(), 9);
  CHECK_EQ(x.all(kind::error).size(), 6);
  CHECK(x.member(kind::method, "Decide").fields
        == idl_fields{{"prompt", "string"},
                      {"revision", "int"},
                      {"action", "string"},
                      {"reason", "?string"},
                      {"scope", "?Scope"},
                      {"name", "?string"}});
  CHECK(x.member(kind::method, "Watch").replies
        == idl_fields{{"hub", "?Hub"},
                      {"prompts", "?[]Prompt"},
                      {"complete", "?bool"},
                      {"restart", "?bool"},
                      {"prompt", "?Prompt"},
                      {"removed", "?[]string"},
                      {"event", "?ClearanceEvent"},
                      {"lost", "?int"}});
}

TEST_CASE("what is encoded has the members that the description declares") {
  prompt x;
  x.container = std::make_shared<prompt_container>();
  auto prompt_json = [](const prompt& y) {
    std::string result;
    append_prompt(result, y, "id", {});
    return result;
  };
  check_members("Prompt", prompt_json(x), false);
  decision made;
  check_members("Decision", json_of(made, append_decision), false);
  check_members("Who", json_of(made.by, append_decider), false);
  made.by = {decider::kind::policy, 1, 2, "c", "n"};
  made.reason = made.rule = made.error = "x";
  made.until = made.waited = made.shown = 1;
  check_members("Who", json_of(made.by, append_decider), true);
  check_members("Decision", json_of(made, append_decision), true);
  x.why = prompt_end::forgotten;
  x.rule = "r";
  x.decision = made;
  check_members("Prompt", prompt_json(x), true);
  check_members("Hub", json_of(hub_state{}, append_hub), true);
  policy_rule rule;
  check_members("Rule", json_of(rule, append_rule), false);
  rule.expires = std::chrono::sys_days{};
  check_members("Rule", json_of(rule, append_rule), true);
  check_members("ClearanceEvent", json_of(event{}, append_event), true);
}

} // namespace operator_idl_tests
