#include "services/operator/hub_policy.hpp"

#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

namespace hub_policy_tests {

using namespace clearance::services;
using clearance::test::temp_dir;

namespace {

std::vector<std::string> paths(const policy_setting& setting, const char* xdg,
                               const char* home) {
  std::vector<std::string> result;
  for (const auto& x : policy_directories(setting, xdg, home))
    result.push_back((x.is_required ? "!" : "") + x.path);
  return result;
}

using words = std::vector<std::string>;

} // namespace

TEST_CASE("the policy is the machine's, then the user's, unless one is named") {
  const std::string etc = "/etc/terok-clearance/policy.d";
  CHECK(paths({}, "/x", "/h") == words{etc, "/x/terok-clearance/policy.d"});
  for (const char* xdg : {static_cast<const char*>(nullptr), "", "relative"})
    CHECK(paths({}, xdg, "/h")
          == words{etc, "/h/.config/terok-clearance/policy.d"});
  CHECK(paths({}, nullptr, nullptr) == words{etc});
  CHECK(paths({{"a", "b"}, false}, "/x", "/h") == words{"!a", "!b"});
  CHECK(paths({{}, true}, "/x", "/h").empty());
}

TEST_CASE("a load says what is in force, or which line is at fault") {
  temp_dir dir;
  const std::vector<policy_directory> where{{dir.path().string(), true}};
  auto x = load_hub_policy(where);
  REQUIRE(x.rules != nullptr);
  CHECK(x.state == "no rules; what no rule matches is asked");
  const auto file = dir / "p.toml";
  std::ofstream{file} << "version = 1\ndefault = \"deny\"\n[[rule]]\n"
                         "name = \"n\"\nwhy = \"w\"\nto = [\"a.org\"]\n"
                         "action = \"deny\"\n";
  x = load_hub_policy(where);
  REQUIRE(x.rules != nullptr);
  CHECK(x.rules->rules.size() == 1);
  CHECK(x.state == "1 rule; what no rule matches is left denied");
  std::ofstream{file} << "version = 1\n[[rule]]\nname = \"n\"\nto = []\n";
  x = load_hub_policy(where);
  CHECK(x.rules == nullptr);
  CHECK(x.state.starts_with("could not be loaded: " + file.string() + ":"));
  CHECK(load_hub_policy({{(dir / "none").string(), true}}).rules == nullptr);
  CHECK(load_hub_policy({{(dir / "none").string(), false}}).rules != nullptr);
}

} // namespace hub_policy_tests
