#include "services/operator/policy_file.hpp"

#include "protocol/operator/limits.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <sys/stat.h>

namespace policy_file_tests {

using namespace clearance::services;
using namespace clearance::protocol;
namespace limits = operator_limits;
namespace test = clearance::test;

namespace {

const std::string whole = R"(version = 1
default = "deny"
unattended = "deny"

[[rule]]
name = "python wheels"
why  = "every python task installs from here"
on   = { project = "alpha", task = "pip-*" }
to   = ["PyPI.org.", "*.pythonhosted.org", "**.example.com", "192.0.2.0/24",
        "2001:db8::1"]
ports = [443, 80]
action = "allow"
expires = 2027-03-01
quiet = true
opens = "everything"

[[rule]]
name = "no metadata"
why = "credentials"
to = ["169.254.169.254"]
action = "deny"
)";

const std::string least = R"(version = 1
[[rule]]
name = "n"
why = "w"
to = ["a.org"]
action = "ask"
)";

std::string parse_fault(const std::string& text,
                        const public_suffix_test& suffix = {}) {
  auto x = parse_policy("p.toml", text, suffix);
  auto* fault = std::get_if<policy_fault>(&x);
  return fault == nullptr ? "" : to_string(*fault);
}

// The least file with one line changed; empty: without the line.
std::string with(std::string_view line, const std::string& by) {
  auto result = least;
  auto at = result.find(line);
  REQUIRE(at != std::string::npos);
  return result.replace(at, line.size(), by);
}

policy_part parse_good(const std::string& text) {
  auto x = parse_policy("p.toml", text);
  if (auto* fault = std::get_if<policy_fault>(&x))
    FAIL(to_string(*fault));
  return std::get<policy_part>(x);
}

struct policy_folder {
  policy_directory add(const std::string& name) {
    std::filesystem::create_directory(dir / name);
    std::filesystem::permissions(dir / name, std::filesystem::perms{0755});
    return {(dir / name).string()};
  }
  std::string write(const std::string& name, const std::string& text,
                    mode_t mode = 0644) {
    auto path = (dir / name).string();
    test::write_file(path, text);
    REQUIRE_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  test::temp_dir dir;
};

std::string load_fault(const std::vector<policy_directory>& xs) {
  auto x = load_policy(xs);
  auto* fault = std::get_if<policy_fault>(&x);
  return fault == nullptr ? "" : to_string(*fault);
}

} // namespace

TEST_CASE("a whole policy file is read") {
  const auto x = parse_good(whole);
  CHECK(x.warnings.empty());
  CHECK_EQ(x.rules.fallback, policy_action::deny);
  CHECK_EQ(x.rules.unattended, unattended_blocks::deny);
  REQUIRE_EQ(x.rules.rules.size(), 2);
  const auto& rule = x.rules.rules[0];
  CHECK_EQ(rule.name, "python wheels");
  CHECK_EQ(rule.why, "every python task installs from here");
  CHECK_EQ(rule.file, "p.toml");
  CHECK_EQ(rule.line, 5);
  CHECK(rule.on == decltype(rule.on){{"project", "alpha"}, {"task", "pip-*"}});
  REQUIRE_EQ(rule.names.size(), 3);
  CHECK_EQ(to_string(rule.names[0]), "pypi.org");
  CHECK_EQ(to_string(rule.names[1]), "*.pythonhosted.org");
  CHECK_EQ(to_string(rule.names[2]), "**.example.com");
  REQUIRE_EQ(rule.ranges.size(), 2);
  CHECK_EQ(to_string(rule.ranges[0]), "192.0.2.0/24");
  CHECK_EQ(to_string(rule.ranges[1]), "2001:db8::1");
  CHECK(rule.ports == std::vector<std::int64_t>{443, 80});
  CHECK_EQ(rule.action, policy_action::allow);
  CHECK(rule.expires == std::chrono::sys_days{std::chrono::year{2027} / 3 / 1});
  CHECK(rule.quiet);
  CHECK(rule.opens_everything);
  CHECK_EQ(x.rules.rules[1].line, 17);
  CHECK_EQ(x.rules.rules[1].action, policy_action::deny);
}

TEST_CASE("the least policy file is read, and asks") {
  const auto x = parse_good(least);
  CHECK_EQ(x.rules.fallback, policy_action::ask);
  CHECK_EQ(x.rules.unattended, unattended_blocks::queue);
  const auto& rule = x.rules.rules.at(0);
  CHECK(rule.on.empty());
  CHECK(rule.ports.empty());
  CHECK_FALSE(rule.expires);
  CHECK_FALSE(rule.quiet);
  CHECK_FALSE(rule.opens_everything);
  CHECK(parse_good("version = 1").rules.rules.empty());
}

TEST_CASE("a fault names file, line, key and reason") {
  const std::string empty_list =
      ": must not be empty; an empty list does not mean everything";
  const std::string no_range =
      "is no address and no range of addresses (ADDRESS/BITS, with no bit set "
      "behind the first BITS)";
  const std::string no_star = "has a star that is no whole first label; write "
                              "*.NAME or **.NAME";
  const std::string no_name =
      "is no name in letters, digits and hyphens; write "
      "other letters in punycode (xn--)";
  struct {
    std::string text, fault;
  } cases[]{
      {"", "p.toml:1: version: is missing; it must be 1"},
      {with("version = 1", "version = 2"), "p.toml:1: version: must be 1"},
      {with("version = 1", "version = \"1\""), "p.toml:1: version: must be 1"},
      {with("version = 1", "version = 1\nx = 1"),
       "p.toml:2: x: there is no such key; the keys are version, default, "
       "unattended and [[rule]]"},
      {with("version = 1", "version = 1\ndefault = \"allow\""),
       "p.toml:2: default: takes \"ask\" or \"deny\""},
      {with("version = 1", "version = 1\ndefault = true"),
       "p.toml:2: default: takes a text in quotes"},
      {with("version = 1", "version = 1\nunattended = \"ask\""),
       "p.toml:2: unattended: takes \"queue\" or \"deny\""},
      {with("[[rule]]", "[rule]"),
       "p.toml:2: rule: is written [[rule]], once for each rule"},
      {"version = 1\nrule = [1]",
       "p.toml:2: rule: is written [[rule]], once for each rule"},
      {with("name = \"n\"\n", ""), "p.toml:2: name: is missing in this rule"},
      {with("why = \"w\"\n", ""), "p.toml:2: why: is missing in this rule"},
      {with("to = [\"a.org\"]\n", ""), "p.toml:2: to: is missing in this rule"},
      {with("action = \"ask\"\n", ""),
       "p.toml:2: action: is missing in this rule"},
      {with("\"ask\"", "\"allow\""),
       "p.toml:2: expires: is missing; a rule that allows needs it"},
      {with("\"ask\"", "\"Ask\""),
       "p.toml:6: action: takes \"allow\", \"deny\" or \"ask\""},
      {with("\"n\"", "\"\""), "p.toml:3: name: must not be empty"},
      {with("\"n\"", "\"a\\tb\""),
       "p.toml:3: name: has a character that is not printable ASCII"},
      {with("\"n\"", "[]"), "p.toml:3: name: takes a text in quotes"},
      {with("[\"a.org\"]", "[]"), "p.toml:5: to" + empty_list},
      {with("[\"a.org\"]", "\"a.org\""),
       "p.toml:5: to: takes a list of targets"},
      {with("[\"a.org\"]", "[1]"), "p.toml:5: to: takes texts in quotes"},
      {with("[\"a.org\"]", "[\n\"a.org\",\n\"*\"]"),
       "p.toml:7: to: \"*\" " + no_star},
      {with("a.org", "a.*.org"), "p.toml:5: to: \"a.*.org\" " + no_star},
      {with("a.org", "*a.org"), "p.toml:5: to: \"*a.org\" " + no_star},
      {with("a.org", "b\\u00fccher.org"),
       "p.toml:5: to: \"b\\\\xc3\\\\xbccher.org\" " + no_name},
      {with("a.org", "a_b.org"), "p.toml:5: to: \"a_b.org\" " + no_name},
      {with("a.org", ""), "p.toml:5: to: \"\" " + no_name},
      {with("a.org", "*.org"),
       "p.toml:5: to: \"*.org\" is a wildcard over a top-level domain"},
      {with("a.org", "10.1"), "p.toml:5: to: \"10.1\" " + no_range},
      {with("a.org", "10.0.0.1/8"), "p.toml:5: to: \"10.0.0.1/8\" " + no_range},
      {with("a.org", "0x7f000001"), "p.toml:5: to: \"0x7f000001\" " + no_range},
      {with("a.org", "https://a.org"),
       "p.toml:5: to: \"https://a.org\" " + no_range},
      {least + "ports = []", "p.toml:7: ports" + empty_list},
      {least + "ports = [0]",
       "p.toml:7: ports: takes whole numbers from 1 to 65535"},
      {least + "ports = [65536]",
       "p.toml:7: ports: takes whole numbers from 1 to 65535"},
      {least + "ports = [443.0]",
       "p.toml:7: ports: takes whole numbers from 1 to 65535"},
      {least + "ports = 443", "p.toml:7: ports: takes a list of ports"},
      {least + "on = {}",
       "p.toml:7: on: must not be empty; leave it out if the rule is for all "
       "containers"},
      {least + "on = \"a\"",
       "p.toml:7: on: takes a table, such as { project = \"alpha\" }"},
      {least + "on = { a = 1 }", "p.toml:7: on.a: takes a text in quotes"},
      {least + "on = { a = \"\" }",
       "p.toml:7: on.a: must not be empty; \"*\" matches every value"},
      {least + "expires = \"2027-03-01\"",
       "p.toml:7: expires: takes a date without quotes, such as 2027-03-01"},
      {least + "expires = 2027-03-01T00:00:00Z",
       "p.toml:7: expires: takes a date without quotes, such as 2027-03-01"},
      {least + "quiet = \"true\"",
       "p.toml:7: quiet: takes true or false, without quotes"},
      {least + "opens = \"all\"", "p.toml:7: opens: takes \"everything\""},
      {least + "port = [443]",
       "p.toml:7: port: there is no such key; the keys of a rule are name, "
       "why, "
       "on, to, ports, action, expires, quiet and opens"},
  };
  for (const auto& x : cases)
    CHECK_EQ(parse_fault(x.text), x.fault);
}

TEST_CASE("of several faults the first by line is named") {
  CHECK(parse_fault(with("[\"a.org\"]", "[]") + "ports = []\nx = 1")
            .starts_with("p.toml:5: to:"));
}

TEST_CASE("what is no TOML is refused with its line") {
  CHECK(parse_fault("version = 1\nx = = 1").starts_with("p.toml:2: "));
  CHECK(parse_fault("version = 1\nversion = 1").starts_with("p.toml:2: "));
  // An assertion of the library ended the program.
  CHECK(parse_fault("version = 1\n[%x]").starts_with("p.toml:2: "));
  CHECK(parse_fault("version = 1\nx = \"\xff\"").starts_with("p.toml:2: "));
  CHECK(parse_fault("version = 1\n[[rule]]\nexpires = 2027-02-30")
            .starts_with("p.toml:3: "));
}

TEST_CASE("a file's limits hold, and one more is refused") {
  auto text = [](std::size_t n) { return "\"" + std::string(n, 'x') + "\""; };
  auto list = [](std::size_t n, const std::string& item) {
    std::string result = "[" + item;
    while (--n > 0)
      result += "," + item;
    return result + "]";
  };
  CHECK_EQ(parse_fault(with("\"n\"", text(limits::rule_name_max_bytes))), "");
  CHECK_EQ(parse_fault(with("\"n\"", text(limits::rule_name_max_bytes + 1))),
           "p.toml:3: name: has more than 128 bytes");
  CHECK_EQ(parse_fault(with("\"w\"", text(limits::rule_why_max_bytes))), "");
  CHECK_EQ(parse_fault(with("\"w\"", text(limits::rule_why_max_bytes + 1))),
           "p.toml:4: why: has more than 512 bytes");
  CHECK_EQ(parse_fault(with("[\"a.org\"]",
                            list(limits::rule_targets_max, "\"a.org\""))),
           "");
  CHECK_EQ(parse_fault(with("[\"a.org\"]",
                            list(limits::rule_targets_max + 1, "\"a.org\""))),
           "p.toml:5: to: has more than 1024 targets");
  CHECK_EQ(
      parse_fault(least + "ports = " + list(limits::rule_ports_max + 1, "1")),
      "p.toml:7: ports: has more than 256 ports");
}

TEST_CASE("a wildcard over a public suffix is a warning") {
  auto x = parse_policy("p.toml", with("a.org", "*.co.uk"),
                        [](const auto& name) { return name == "co.uk"; });
  auto& part = std::get<policy_part>(x);
  REQUIRE_EQ(part.warnings.size(), 1);
  CHECK_EQ(to_string(part.warnings[0]),
           "p.toml:5: to: \"*.co.uk\" is a wildcard over a public suffix");
  CHECK(parse_good(with("a.org", "*.co.uk")).warnings.empty());
}

TEST_CASE("a target that is always an ask is noted in a rule that allows") {
  const std::string rest = "[[rule]]\nname = \"r\"\nwhy = \"w\"\n"
                           "to = [\"a.org\",\n \"COM.\",\n"
                           " \"localhost\",\n"
                           " \"*.metadata.google.internal\"]\n";
  auto noted = [&](const std::string& end) {
    std::string text;
    for (const auto& x : parse_good(least + rest + end).never_allowed)
      text += to_string(x) + "\n";
    return text;
  };
  CHECK_EQ(noted("action = \"allow\"\nopens = \"everything\"\n"
                 "expires = 2027-03-01\n"),
           "p.toml:11: to: \"com\" is always an ask: a name of one label, as "
           "`com`, may be more than one host\n"
           "p.toml:12: to: \"localhost\" is always an ask: it is a name of the "
           "machine itself or of a metadata service; what it stands for is "
           "allowed only by a rule whose `to` has the address, and for a block "
           "without a name\n"
           "p.toml:13: to: \"*.metadata.google.internal\" is always an ask: it "
           "is a name of the machine itself or of a metadata service; what it "
           "stands for is allowed only by a rule whose `to` has the address, "
           "and for a block without a name\n");
  CHECK_EQ(noted("action = \"deny\"\n"), "");
  CHECK_EQ(noted("action = \"ask\"\n"), "");
}

TEST_CASE("all files of all directories are one policy") {
  policy_folder folder;
  auto a = folder.add("a"), b = folder.add("b");
  folder.write("a/2.toml", with("\"n\"", "\"second\""));
  folder.write("b/2.toml",
               "version = 1\n[[rule]]\nname = \"third\"\nwhy = \"w\"\n"
               "to = [\"com\"]\naction = \"allow\"\n"
               "expires = 2027-03-01\n");
  folder.write("a/1.toml", with("\"n\"", "\"first\"") + "quiet = true");
  folder.write("b/1.toml", "version = 1\ndefault = \"deny\"");
  folder.write("b/.hidden.toml", "no TOML");
  folder.write("b/readme", "no TOML");
  auto x = load_policy({a, b});
  auto* part = std::get_if<policy_part>(&x);
  REQUIRE(part != nullptr);
  CHECK_EQ(part->rules.fallback, policy_action::deny);
  REQUIRE_EQ(part->rules.rules.size(), 3);
  CHECK_EQ(part->rules.rules[0].name, "first");
  CHECK_EQ(part->rules.rules[1].name, "second");
  CHECK_EQ(part->rules.rules[2].name, "third");
  REQUIRE_EQ(part->never_allowed.size(), 1);
  CHECK(part->never_allowed[0].file.ends_with("/b/2.toml"));
}

TEST_CASE("a fault in one file refuses all, and names are unique in all") {
  policy_folder folder;
  auto a = folder.add("a");
  folder.write("a/1.toml", least);
  auto second = folder.write("a/2.toml", least);
  CHECK_EQ(load_fault({a}),
           second
               + ":2: name: another rule is called \"n\", too; names are "
                 "unique in all files");
  folder.write("a/2.toml", "version = 3");
  CHECK_EQ(load_fault({a}), second + ":1: version: must be 1");
}

TEST_CASE("a directory that is named and not there is a fault") {
  policy_folder folder;
  auto none = (folder.dir / "none").string();
  CHECK_EQ(load_fault({{none}}),
           none + ": cannot be opened: No such file or directory");
  CHECK_EQ(load_fault({{none, false}}), "");
  auto file = folder.write("file", "");
  CHECK_EQ(load_fault({{file, false}}),
           file + ": cannot be opened: Not a directory");
}

TEST_CASE("what others may write is no policy") {
  policy_folder folder;
  auto a = folder.add("a");
  for (mode_t mode : {0664, 0646}) {
    auto file = folder.write("a/1.toml", least, mode);
    CHECK_EQ(load_fault({a}),
             file + ": may be written by others; remove that with chmod go-w");
  }
  folder.write("a/1.toml", least);
  CHECK_EQ(load_fault({a}), "");
  REQUIRE_EQ(::chmod(a.path.c_str(), 0775), 0);
  CHECK_EQ(load_fault({a}),
           a.path + ": may be written by others; remove that with chmod go-w");
}

TEST_CASE("only regular files of a bounded size are read") {
  policy_folder folder;
  auto a = folder.add("a");
  auto path = (folder.dir / "a/1.toml").string();
  REQUIRE_EQ(::mkfifo(path.c_str(), 0600), 0);
  CHECK(load_fault({a}).starts_with(path + ": cannot be read: "));
  std::filesystem::remove(path);
  std::string large = "version = 1\n";
  large.append(limits::policy_file_max_bytes - large.size(), '#');
  folder.write("a/1.toml", large);
  CHECK_EQ(load_fault({a}), "");
  folder.write("a/1.toml", large + "#");
  CHECK_EQ(load_fault({a}), path + ": is larger than 1048576 bytes");
}

} // namespace policy_file_tests
