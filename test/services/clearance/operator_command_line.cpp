#include "services/clearance/command_line.hpp"
#include "services/clearance/default_subcommand.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace operator_command_line_tests {

using namespace clearance;
using namespace clearance::services;

namespace {

using words = std::vector<std::string>;

template <class T>
T parsed(const words& x) {
  auto result = parse_command_line(x, "/run/user/7");
  REQUIRE(std::holds_alternative<T>(result));
  return std::get<T>(result);
}

std::string fault(const words& x) {
  auto result = parse_command_line(x, "/run/user/7");
  REQUIRE(std::holds_alternative<outcome>(result));
  CHECK(std::get<outcome>(result).code == 2);
  return std::get<outcome>(result).fault.why;
}

bool is_refused(const words& x) {
  return !fault(x).empty();
}

const std::string default_path = "/run/user/7/terok-clearance.sock";

} // namespace

TEST_CASE("list: every option is taken") {
  auto x = parsed<list_config>({"list"});
  CHECK(x.clearance_socket == default_path);
  CHECK(x.container.empty());
  CHECK_FALSE(x.all);
  CHECK_FALSE(x.json);
  x = parsed<list_config>({"list", "--all", "--json", "--container", "c",
                           "--clearance-socket", "s"});
  CHECK(x.clearance_socket == "s");
  CHECK(x.container == "c");
  CHECK(x.all);
  CHECK(x.json);
}

TEST_CASE("decide: prompt, revision and action are required") {
  auto x = parsed<decide_config>({"decide", "b-1", "3", "allow"});
  CHECK(x.clearance_socket == default_path);
  CHECK(x.prompt == "b-1");
  CHECK(x.revision == 3);
  CHECK(x.action == protocol::action::allow);
  CHECK(x.reason.empty());
  x = parsed<decide_config>({"decide", "b-1", "3", "deny", "--reason", "r"});
  CHECK(x.action == protocol::action::deny);
  CHECK(x.reason == "r");
  CHECK(is_refused({"decide"}));
  CHECK(is_refused({"decide", "b-1", "3"}));
  CHECK(is_refused({"decide", "b-1", "0", "allow"}));
  CHECK(is_refused({"decide", "b-1", "x", "allow"}));
  CHECK(is_refused({"decide", "b-1", "1", "Allow"}));
}

TEST_CASE("history: a limit is a number") {
  CHECK_FALSE(parsed<history_config>({"history"}).limit);
  auto x = parsed<history_config>(
      {"history", "--limit", "5", "--container", "c", "--json"});
  CHECK(x.limit == 5);
  CHECK(x.container == "c");
  CHECK(x.json);
  CHECK(is_refused({"history", "--limit", "-1"}));
}

TEST_CASE("explain: about a prompt or about a target") {
  CHECK(parsed<explain_config>({"explain", "--prompt", "b-1"}).prompt == "b-1");
  auto x = parsed<explain_config>(
      {"explain", "--to", "a.org", "--container", "c", "--port", "443",
       "--port", "80", "--address", "192.0.2.1", "--dossier", "k=v=w"});
  CHECK(x.target == "a.org");
  CHECK(x.container == "c");
  CHECK(x.ports == std::vector<std::int64_t>{443, 80});
  CHECK(x.addresses == words{"192.0.2.1"});
  REQUIRE(x.dossier.size() == 1);
  CHECK(x.dossier[0] == std::pair<std::string, std::string>{"k", "v=w"});
  CHECK(is_refused({"explain"}));
  CHECK(is_refused({"explain", "--prompt", "b-1", "--to", "a.org"}));
  CHECK(is_refused({"explain", "--to", "a", "--port", "65536"}));
  CHECK(is_refused({"explain", "--to", "a", "--dossier", "k"}));
}

TEST_CASE("policy: directories, or none") {
  CHECK(parsed<policy_check_config>({"policy", "check"})
            .where.directories.empty());
  CHECK(parsed<policy_check_config>({"policy", "check", "a", "b"})
            .where.directories
        == words{"a", "b"});
  CHECK(is_refused({"policy"}));
  CHECK(is_refused({"policy", "test"}));
  auto x = parsed<serve_config>({"serve", "--policy", "a", "--policy", "b"});
  CHECK(x.policy.directories == words{"a", "b"});
  CHECK_FALSE(x.policy.is_off);
  CHECK(parsed<serve_config>({"serve", "--prompts", "--no-policy"})
            .policy.is_off);
  CHECK(is_refused({"serve", "--no-policy"}));
  CHECK(is_refused({"serve", "--no-policy", "--policy", "a"}));
}

TEST_CASE("tui: every option is taken") {
  auto x = parsed<terminal_config>({"tui"});
  CHECK(x.clearance_sockets.empty());
  CHECK(x.runtime_directory == "/run/user/7");
  CHECK_FALSE(x.is_plain);
  x = parsed<terminal_config>({"tui", "--clearance-socket", "b",
                               "--clearance-socket=a", "--clearance-socket",
                               "b", "--plain", "--json"});
  CHECK(x.clearance_sockets == words{"b", "a", "b"});
  CHECK(x.is_plain);
  CHECK(x.json);
  CHECK(parsed<terminal_config>({"tui", "--color", "never"}).color
        == color_when::never);
  CHECK(is_refused({"tui", "--json"}));
  CHECK(is_refused({"tui", "--plain", "--color", "never"}));
  CHECK(is_refused({"tui", "--clearance-socket", ""}));
  CHECK(is_refused({"tui", "more"}));
}

TEST_CASE("without a subcommand the terminal decides") {
  const surroundings none;
  const surroundings terminal{true, false};
  const surroundings plain{false, true};
  const surroundings both{true, true};
  CHECK(with_subcommand({}, none).empty());
  CHECK(with_subcommand({}, terminal) == words{"tui"});
  CHECK(with_subcommand({}, plain) == words{"tui", "--plain"});
  CHECK(with_subcommand({}, both) == words{"tui", "--plain"});
  CHECK(with_subcommand({"--plain", "--json"}, none)
        == words{"tui", "--plain", "--json"});
  CHECK(with_subcommand({"--plain"}, both) == words{"tui", "--plain"});
  CHECK(with_subcommand({"tui"}, both) == words{"tui", "--plain"});
  CHECK(with_subcommand({"--clearance-socket=s"}, terminal)
        == words{"tui", "--clearance-socket=s"});
  for (const words& x : {words{"--help"}, words{"--version"}, words{"--bogus"},
                         words{"list"}, words{"serve", "--plain"}, words{""}})
    CHECK(with_subcommand(x, both) == x);
}

} // namespace operator_command_line_tests
