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
  CHECK(fault({"decide", "b-1", "deny"})
        == "decide needs PROMPT, REVISION and allow or deny; terok-clearance"
           " list shows the whole command");
  x = parsed<decide_config>({"decide", "--", "-b-1", "3", "deny"});
  CHECK(x.prompt == "-b-1");
  CHECK(is_refused({"decide"}));
  CHECK(is_refused({"decide", "b-1", "3"}));
  CHECK(is_refused({"decide", "b-1", "0", "allow"}));
  CHECK(is_refused({"decide", "b-1", "x", "allow"}));
  CHECK(is_refused({"decide", "b-1", "1", "Allow"}));
}

TEST_CASE("decide: many prompts are named by container or by target") {
  auto x = parsed<decide_config>({"decide", "deny", "--all-of", "c1"});
  CHECK(x.prompt.empty());
  CHECK(x.all_of == "c1");
  CHECK(x.action == protocol::action::deny);
  x = parsed<decide_config>({"decide", "--target", "pypi.org", "allow"});
  CHECK(x.target == "pypi.org");
  CHECK(x.action == protocol::action::allow);
  CHECK(is_refused({"decide", "--all-of", "c1"}));
  CHECK(is_refused({"decide", "b-1", "3", "allow", "--all-of", "c1"}));
  CHECK(is_refused(
      {"decide", "allow", "--all-of", "c1", "--target", "pypi.org"}));
  CHECK(is_refused({"decide", "allow"}));
  CHECK(is_refused({"decide", "b-1", "3", "allow", "more"}));
}

TEST_CASE("hosts are asked instead of this machine's hub") {
  auto x = parsed<list_config>({"list", "--host", "kim@far", "--host", "b"});
  CHECK(x.hosts == words{"kim@far", "b"});
  CHECK(x.clearance_socket.empty());
  x = parsed<list_config>(
      {"list", "--host", "kim@far", "--clearance-socket", "/s"});
  CHECK(x.clearance_socket == "/s");
  const auto y =
      parsed<decide_config>({"decide", "b-1", "3", "deny", "--host", "far"});
  CHECK(y.hosts == words{"far"});
  CHECK(y.clearance_socket.empty());
  CHECK(parsed<terminal_config>({"tui", "--host", "far"}).hosts
        == words{"far"});
  const auto z = parsed<watch_config>({"watch", "--host", "far"});
  CHECK(z.hosts == words{"far"});
  CHECK(z.clearance_sockets.empty());
  CHECK(parsed<watch_config>(
            {"watch", "--host", "far", "--clearance-socket", "/s"})
            .clearance_sockets
        == words{"/s"});
  // ssh must not take a host for an option.
  for (const char* subcommand : {"list", "tui", "watch"})
    for (const char* option : {"--host=-oProxyCommand=id", "--host="}) {
      CAPTURE(option);
      CHECK(is_refused({subcommand, option}));
    }
  CHECK(is_refused({"decide", "b-1", "3", "deny", "--host=-v"}));
}

TEST_CASE("notify: what was judged is handed on, and nothing as an option") {
  auto x = parsed<notify_client_config>(
      {"notify", "--open", "foot", "--quiet-hours", "22:00-07:00"});
  CHECK(x.words == words{"--open=foot", "--quiet-hours=22:00-07:00"});
  x = parsed<notify_client_config>(
      {"notify", "--send", "-t", "5", "--", "-x", "b"});
  CHECK(std::vector(x.words.begin() + 1, x.words.end())
        == words{"--send", "--timeout=5", "--", "-x", "b"});
  CHECK(is_refused({"notify", "summary"}));
  CHECK(is_refused({"notify", "--quiet-hours", "22"}));
}

TEST_CASE("relay: stdin and stdout are the one way there is") {
  CHECK(parsed<relay_config>({"relay", "--stdio"}).clearance_sockets.empty());
  CHECK(parsed<relay_config>({"relay", "--stdio", "--clearance-socket", "/s"})
            .clearance_sockets
        == words{"/s"});
  CHECK(is_refused({"relay"}));
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
  CHECK(fault({"policy"})
        == "one of check, explain, propose and test is required");
  CHECK(is_refused({"policy", "test"}));
  const auto test = parsed<policy_test_config>({"policy", "test", "t", "a"});
  CHECK_EQ(test.file, "t");
  CHECK(test.where.directories == words{"a"});
  const auto asked = parsed<policy_explain_config>(
      {"policy", "explain", "--to", "a.org", "--container", "c", "--port",
       "443", "--dossier", "k=v", "--address", "192.0.2.1", "dir"});
  CHECK_EQ(asked.target, "a.org");
  CHECK(asked.ports == std::vector<std::int64_t>{443});
  CHECK(asked.where.directories == words{"dir"});
  const auto proposed = parsed<policy_propose_config>(
      {"policy", "propose", "--since", "2027-01-31", "trail"});
  CHECK_EQ(proposed.since, 1'801'353'600'000'000);
  CHECK(proposed.trails == words{"trail"});
  CHECK(is_refused({"policy", "explain"}));
  CHECK(is_refused({"policy", "check", "--to", "a.org"}));
  CHECK(is_refused({"policy", "test", "t", "--since", "7d"}));
  CHECK(is_refused({"policy", "explain", "--to", "a", "--port", "70000"}));
  auto x = parsed<serve_config>({"serve", "--policy", "a", "--policy", "b"});
  CHECK(x.policy.directories == words{"a", "b"});
  CHECK_FALSE(x.policy.is_off);
  CHECK(parsed<serve_config>({"serve", "--no-policy"}).policy.is_off);
  CHECK_FALSE(parsed<serve_config>({"serve"}).is_without_prompts);
  CHECK(parsed<serve_config>({"serve", "--no-prompts"}).is_without_prompts);
  CHECK(is_refused({"serve", "--no-prompts", "--policy", "a"}));
  CHECK(is_refused({"serve", "--no-policy", "--policy", "a"}));
}

TEST_CASE("web: every option is taken") {
  auto x = parsed<web_client_config>({"web"});
  CHECK(x.clearance_sockets.empty());
  CHECK(x.listen.empty());
  CHECK(x.opens);
  x = parsed<web_client_config>({"web", "--clearance-socket", "a", "--listen",
                                 "127.0.0.1:80", "--no-open"});
  CHECK(x.clearance_sockets == words{"a"});
  CHECK(x.listen == "127.0.0.1:80");
  CHECK_FALSE(x.opens);
  CHECK(is_refused({"web", "--listen", ""}));
  CHECK(is_refused({"web", "more"}));
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

TEST_CASE("serve: the audit trail's file, and what waits for it") {
  CHECK(parsed<serve_config>({"serve"}).audit.file.empty());
  auto x = parsed<serve_config>(
      {"serve", "--audit", "a.jsonl", "--audit-sync", "--audit-required"});
  CHECK_EQ(x.audit.file, "a.jsonl");
  CHECK(x.audit.is_synced);
  CHECK(x.audit.is_required);
  CHECK(parsed<serve_config>({"serve", "--audit", "none"}).audit.is_off());
  CHECK(is_refused({"serve", "--audit", "none", "--audit-required"}));
  CHECK(is_refused({"serve", "--audit", "none", "--audit-sync"}));
  CHECK(is_refused({"serve", "--audit", ""}));
}

TEST_CASE("audit: an action, files, and which records") {
  auto x = parsed<audit_config>({"audit", "list"});
  CHECK(x.action == audit_action::list);
  CHECK(x.paths.empty());
  CHECK(x.filter == audit_filter{});
  x = parsed<audit_config>({"audit", "export", "a", "b", "--redact", "--since",
                            "2027-01-31", "--until", "2027-01-31T12:00:00Z",
                            "--container", "c", "--to", "t", "--by", "policy"});
  CHECK(x.action == audit_action::export_lines);
  CHECK(x.paths == words{"a", "b"});
  CHECK(x.is_redacted);
  CHECK_EQ(x.filter.since, 1'801'353'600'000'000);
  CHECK_EQ(x.filter.until, x.filter.since + std::int64_t{43200} * 1'000'000);
  CHECK_EQ(x.filter.by, "policy");
  CHECK(fault({"audit"}) == "one of list, verify and export is required");
  CHECK(is_refused({"audit", "show"}));
  CHECK(is_refused({"audit", "list", "--redact"}));
  CHECK(is_refused({"audit", "verify", "--since", "7d"}));
  for (const char* time : {"7", "d", "-1d", "7y", "2027-02-30", "20270131",
                           "2027-01-31T25:00:00Z"})
    CHECK(is_refused({"audit", "list", "--since", time}));
}

} // namespace operator_command_line_tests
