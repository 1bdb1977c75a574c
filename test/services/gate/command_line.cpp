#include "services/gate/gate.hpp"
#include "services/gate/help.hpp"

#include <doctest/doctest.h>

#include <string>

namespace terok_gate_command_line_tests {

using namespace clearance::services;

namespace {

gate_command parse(std::vector<std::string> words) {
  return parse_gate_command_line(words);
}

// All that a gate needs, and then `more`.
std::vector<std::string> with(std::vector<std::string> more) {
  std::vector<std::string> result{"--mirror-root", "/m", "--scope", "r"};
  result.insert(result.end(), more.begin(), more.end());
  return result;
}

gate_options options(std::vector<std::string> words) {
  auto result = parse(std::move(words));
  if (auto* no = std::get_if<outcome>(&result))
    FAIL(no->err);
  return std::get<gate_options>(result);
}

outcome answer(std::vector<std::string> words) {
  auto result = parse(std::move(words));
  auto* x = std::get_if<outcome>(&result);
  REQUIRE(x);
  return *x;
}

std::string fault(std::vector<std::string> words) {
  const auto x = answer(std::move(words));
  CHECK_EQ(x.code, 2);
  CHECK_EQ(x.out, "");
  const std::string start = "terok-gate: ";
  const std::string end = "\nTry 'terok-gate --help'.\n";
  REQUIRE(x.err.starts_with(start));
  REQUIRE(x.err.ends_with(end));
  return x.err.substr(start.size(), x.err.size() - start.size() - end.size());
}

} // namespace

TEST_CASE("backups are listed, restored and expired") {
  using namespace std::chrono_literals;
  auto call = [](std::vector<std::string> words) {
    words.insert(words.begin(), "backups");
    return std::get<gate_backups_call>(parse(std::move(words)));
  };
  auto x = call({"list", "/r.git"});
  CHECK(x.action == gate_backups::list);
  CHECK_EQ(x.repository, "/r.git");
  x = call({"restore", "/r.git", "refs/terok/backup/x/y"});
  CHECK(x.action == gate_backups::restore);
  CHECK_EQ(x.name, "refs/terok/backup/x/y");
  x = call({"expire", "/r.git"});
  CHECK_EQ(x.name, "");
  CHECK(x.max_age == 30 * 24h);
  CHECK(call({"expire", "/r.git", "--backup-days", "1"}).max_age == 24h);
  CHECK_EQ(call({"expire", "/r.git", "--now", "refs/heads/x"}).name,
           "refs/heads/x");
  CHECK_EQ(fault({"backups", "restore", "/r.git"}),
           "backups restore: which BACKUP?");
  CHECK_EQ(fault({"backups", "list", "/r.git", "x"}),
           "backups list: takes no BACKUP");
  CHECK_EQ(fault({"backups", "list", "/r.git", "--now", "x"}),
           "--now and --backup-days belong to backups expire");
  for (const auto* days : {"0", "-1", "x", "36501", "1x"})
    CHECK_EQ(fault(with({"--backup-days", days})),
             std::string("--backup-days: `") + days
                 + "` is no number from 1 to 36500");
  CHECK_EQ(options(with({"--backup-days", "36500"})).backup_days, "36500");
}

TEST_CASE("terok-gate takes exactly one transport") {
  const auto x = options(with({"--socket", "/s"}));
  CHECK_EQ(x.mirror_root, "/m");
  CHECK_EQ(x.scope, "r");
  CHECK_EQ(x.token_file, "");
  CHECK_FALSE(x.allow_remote);
  CHECK_EQ(std::get<gate_socket>(x.listen).path, "/s");
  CHECK(std::holds_alternative<gate_passed>(options(with({})).listen));
  CHECK_EQ(fault(with({"--socket", "/s", "--listen", "127.0.0.1:1"})),
           "--socket excludes --listen");
}

TEST_CASE("terok-gate listens on ADDRESS:PORT") {
  auto port = [](const std::string& word) {
    return std::get<gate_port>(options(with({"--listen", word})).listen);
  };
  CHECK_EQ(port("127.0.0.1:9418").address, "127.0.0.1");
  CHECK_EQ(port("127.0.0.1:9418").port, 9418);
  CHECK_EQ(port("[::1]:0").address, "::1");
  CHECK_EQ(port("[::1]:65535").port, 65535);
  for (std::string word :
       {"9418", "127.0.0.1", "127.0.0.1:", ":9418", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.0.0.1:x", "127.0.0.1:1 ", "[]:1"})
    CHECK_EQ(fault(with({"--listen", word})),
             "--listen: `" + word + "` is no ADDRESS:PORT");
}

TEST_CASE("terok-gate serves one scope by a token, or what a file grants") {
  CHECK_EQ(options(with({"--socket", "/s", "--token-file", "/t"})).token_file,
           "/t");
  CHECK_EQ(options({"--mirror-root", "/m", "--grants", "/g", "--socket", "/s"})
               .grants_file,
           "/g");
  CHECK_EQ(fault(with({"--socket", "/s", "--grants", "/g"})),
           "--scope excludes --grants");
  CHECK_EQ(fault({"--mirror-root", "/m", "--socket", "/s"}),
           "--scope or --grants is required");
  CHECK_EQ(fault({"--scope", "r", "--socket", "/s"}),
           "--mirror-root is required");
  for (std::string name : {"a/b", "*", "a b", "a%", "\n"})
    CHECK_NE(fault({"--mirror-root", "/m", "--socket", "/s", "--scope", name})
                 .find("is no repository's name"),
             std::string::npos);
}

TEST_CASE("terok-gate has no option for a token") {
  CHECK_NE(fault(with({"--socket", "/s", "--token", "t"})).find("--token"),
           std::string::npos);
}

TEST_CASE("terok-gate takes no empty and no overlong paths") {
  for (auto name :
       {"--mirror-root", "--scope", "--token-file", "--grants", "--socket",
        "--listen", "--hooks-path", "--home", "--install-hooks"})
    CHECK_NE(fault({name, ""}).find("must not be empty"), std::string::npos);
  CHECK_EQ(options(with({"--socket", "/" + std::string(106, 's')})).scope, "r");
  CHECK_NE(fault(with({"--socket", "/" + std::string(107, 's')}))
               .find("longer than the 107 bytes"),
           std::string::npos);
}

TEST_CASE("terok-gate's other words") {
  CHECK(std::get<gate_hook_call>(parse({"hook", "post-receive"})).which
        == gate_hook::post_receive);
  CHECK(std::get<gate_hook_call>(parse({"hook", "pre-receive"})).which
        == gate_hook::pre_receive);
  CHECK_FALSE(std::get<gate_hook_call>(parse({"hook", "pre-receive"})).check);
  CHECK(std::get<gate_hook_call>(parse({"hook", "pre-receive", "--check"}))
            .check);
  CHECK_EQ(fault({"hook", "update"}),
           "hook: `update` is none of post-receive, pre-receive");
  CHECK_EQ(
      std::get<gate_hooks_install>(parse({"--install-hooks", "/h"})).directory,
      "/h");
  const auto x = options(
      with({"--socket", "/s", "--log-level", "debug", "--allow-remote",
            "--home", "/h", "--hooks-path", "/k", "--sandbox", "required"}));
  CHECK(x.sandbox == sandbox_mode::required);
  CHECK(options(with({"--socket", "/s"})).sandbox == sandbox_mode::automatic);
  CHECK(x.level == log_level::debug);
  CHECK(x.allow_remote);
  CHECK_EQ(x.home, "/h");
  CHECK_EQ(x.hooks_path, "/k");
  CHECK_EQ(fault(with({"--socket", "/s", "--log-level", "loud"})),
           "--log-level: `loud` is none of debug, error, info, warning");
}

TEST_CASE("terok-gate says what it is") {
  CHECK_EQ(answer({"--version"}).out, "terok-gate " CLEARANCE_VERSION "\n");
  CHECK_EQ(answer({"--version"}).code, 0);
  CHECK_EQ(answer({"--help"}).out, gate_help());
  CHECK_EQ(answer({"--help"}).code, 0);
  for (auto option : {"--mirror-root", "--scope", "--token-file", "--grants",
                      "--socket", "--listen", "--allow-remote", "--hooks-path",
                      "--home", "--install-hooks", "--sandbox", "--log-level",
                      "--help", "--version", "SIGHUP", "Exit codes"})
    CHECK_NE(gate_help().find(option), std::string_view::npos);
}

TEST_CASE("terok-gate's faults are one line, whatever was typed") {
  CHECK_EQ(fault({"--x\n\x1b[31m"}).find('\n'), std::string::npos);
  CHECK_EQ(fault({"word"}).find('\n'), std::string::npos);
  CHECK_EQ(fault({"--\xc2\x9b"}),
           R"(The following argument was not expected: --\xc2\x9b)");
}

TEST_CASE("terok-gate's flags take no value") {
  CHECK_EQ(fault(with({"--socket", "/s", "--allow-remote=no"})),
           "--allow-remote takes no value");
  CHECK_EQ(fault({"--version=0"}), "--version takes no value");
}

} // namespace terok_gate_command_line_tests
