// The operator interface and its clients, with the built programs. Source:
// operator.md.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/wire/json.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace operators_tests {

namespace {

using namespace clearance::test;

struct ended {
  ending how;
  std::string out;
  std::string err;
};

ended run(std::vector<std::string> words) {
  child_options options;
  options.argv = {terok_clearance()};
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  child program{std::move(options)};
  auto how = program.wait();
  return {how, program.out(), program.err()};
}

ended ask(const runtime& where, std::vector<std::string> words) {
  words.push_back("--clearance-socket");
  words.push_back(where.clearance());
  return run(std::move(words));
}

// The lines of `--json`.
std::vector<json> lines_of(const std::string& out) {
  std::vector<json> result;
  for (std::size_t at = 0; at < out.size();) {
    const auto end = out.find('\n', at);
    REQUIRE(end != out.npos);
    result.push_back(json::parse(out.substr(at, end - at)));
    at = end + 1;
  }
  return result;
}

std::vector<json> prompts_at(const runtime& where) {
  auto x = ask(where, {"list", "--all", "--json"});
  REQUIRE_MESSAGE(x.how == exited(0), x.err);
  return lines_of(x.out);
}

std::string revision_of(const json& prompt) {
  return std::to_string(prompt["revision"].as<std::int64_t>());
}

block block_of(const std::string& id, const std::string& domain,
               const std::string& container = "c1") {
  block x;
  x.container = container;
  x.request_id = id;
  x.domain = domain;
  return x;
}

const std::string deny_rule = "version = 1\n"
                              "[[rule]]\n"
                              "name = \"no ads\"\n"
                              "why = \"nobody wants them\"\n"
                              "to = [\"**.ads.org\"]\n"
                              "action = \"deny\"\n";

} // namespace

TEST_CASE("prompts are listed, decided and remembered, by every executor") {
  operation x{each_executor()};
  auto subscriber = x.server.subscriber();
  for (const char* id : {"r1", "r2", "r3"})
    x.server.emit(block_of(id, "pypi.org").line());
  x.server.mark();
  for (int i = 0; i < 3; ++i)
    subscriber.next_event();
  const auto before = prompts_at(x.where);
  REQUIRE_EQ(before.size(), 1);
  CHECK(before[0]["count"].as<std::int64_t>() == 3);
  const auto id = before[0]["id"].text();
  const auto text = ask(x.where, {"list"}).out;
  CHECK(text.find("terok-clearance decide " + id + " 1 allow "
                  + "--clearance-socket ")
        != text.npos);
  auto made = ask(x.where, {"decide", id, revision_of(before[0]), "allow",
                            "--reason", "build tools"});
  CHECK_MESSAGE(made.how == exited(0), made.err);
  CHECK(made.out.find("allow applied c1 pypi.org by=operator")
        != made.out.npos);
  CHECK(x.shield.next_run().arguments
        == std::vector<std::string>{"allow", "c1", "pypi.org"});
  const auto after = prompts_at(x.where);
  CHECK(after.at(0)["state"].text() == "decided");
  const auto history = lines_of(ask(x.where, {"history", "--json"}).out);
  REQUIRE_EQ(history.size(), 1);
  CHECK(history[0]["reason"].text() == "build tools");
  CHECK(history[0]["by"]["command"].text() == "terok-clearance");
  auto again = ask(x.where, {"decide", id, "1", "deny"});
  CHECK(again.how == exited(1));
  CHECK(again.err.find("AlreadyDecided") != again.err.npos);
  CHECK(again.err.find("allow applied c1 pypi.org") != again.err.npos);
}

TEST_CASE("an allow ends by itself, by every executor") {
  operation x{each_executor(), "exit 0", {}, {}, "for\nports\n"};
  x.server.emit(block_of("r1", "pypi.org").line());
  x.server.mark();
  const auto before = prompts_at(x.where).at(0);
  const auto decided =
      ask(x.where, {"decide", before["id"].text(), revision_of(before), "allow",
                    "--for", "60"});
  CHECK_MESSAGE(decided.how == exited(0), decided.err);
  CHECK(x.shield.next_run().arguments
        == std::vector<std::string>{"allow", "c1", "pypi.org", "--for", "60"});
  CHECK(prompts_at(x.where).at(0)["decision"].has("until"));
}

TEST_CASE("what the shield cannot do is refused, and nothing is executed") {
  operation x{executor::helper};
  x.server.emit(block_of("r1", "pypi.org").line());
  x.server.mark();
  const auto before = prompts_at(x.where).at(0);
  const auto refused =
      ask(x.where, {"decide", before["id"].text(), revision_of(before), "allow",
                    "--for", "60"});
  CHECK(refused.how == exited(1));
  CHECK(refused.err.find("leave --for out") != std::string::npos);
  CHECK_EQ(x.shield.waiting_runs(), 0);
}

TEST_CASE("a shield that fails leaves the prompt open, and decide says so") {
  operation x{executor::hub, "exit 1", "no such container"};
  auto subscriber = x.server.subscriber();
  x.server.emit(block_of("r1", "pypi.org").line());
  subscriber.next_event();
  const auto before = prompts_at(x.where);
  auto made = ask(x.where, {"decide", before.at(0)["id"].text(), "1", "allow"});
  CHECK(made.how == exited(1));
  CHECK(made.err.find("DecisionFailed") != made.err.npos);
  CHECK(made.err.find("no such container") != made.err.npos);
  CHECK(prompts_at(x.where).at(0)["state"].text() == "waiting");
}

TEST_CASE("the policy decides in the sandbox, and SIGHUP reads it again") {
  const runtime where;
  const temp_dir policy;
  write_file(policy / "a.toml", deny_rule);
  hub_options options;
  options.arguments = {"--policy", policy.path()};
  hub server{where, options};
  server.process().await_err("the policy is in force");
  auto subscriber = server.subscriber();
  server.emit(block_of("r1", "x.ads.org").line());
  CHECK(subscriber.next_event().type == "connection_blocked");
  const auto applied = subscriber.next_event();
  CHECK(applied.type == "verdict_applied");
  CHECK(applied.action == "deny");
  CHECK(prompts_at(where).at(0)["decision"]["result"].text() == "left_denied");
  auto why = ask(where, {"explain", "--to", "x.ads.org", "--container", "c1",
                         "--address", "192.0.2.1"});
  CHECK(why.out.starts_with("deny\nrule: \"no ads\"\n"));
  // A fault keeps the policy of before.
  write_file(policy / "a.toml", "version = 1\n[[rule]]\n");
  server.process().kill(SIGHUP);
  server.process().await_err("the policy could not be loaded");
  why = ask(where, {"explain", "--to", "x.ads.org"});
  CHECK(why.out.starts_with("deny\n"));
  write_file(policy / "a.toml", "version = 1\n");
  server.process().kill(SIGHUP);
  server.process().await_err("no rules; what no rule matches is asked");
  CHECK(ask(where, {"explain", "--to", "x.ads.org"}).out.starts_with("ask\n"));
}

TEST_CASE("a hub with a bad policy serves, and decides nothing by itself") {
  const runtime where;
  const temp_dir policy;
  write_file(policy / "a.toml", "version = 1\nfault = 1\n");
  hub_options options;
  options.arguments = {"--policy", policy.path()};
  hub server{where, options};
  server.process().await_err("the policy could not be loaded");
  auto subscriber = server.subscriber();
  server.emit(block_of("r1", "x.ads.org").line());
  CHECK(subscriber.next_event().type == "connection_blocked");
  CHECK(prompts_at(where).at(0)["state"].text() == "waiting");
}

TEST_CASE("policy check says what is wrong, by file and line") {
  const temp_dir policy;
  write_file(policy / "a.toml", deny_rule);
  auto good = run({"policy", "check", policy.path()});
  CHECK(good.how == exited(0));
  CHECK(good.out.find("deny \"no ads\"") != good.out.npos);
  write_file(policy / "b.toml",
             "version = 1\n[[rule]]\nname = \"all\"\nwhy = \"a mistake\"\n"
             "to = [\"192.0.2.1\",\n\"com\"]\n"
             "action = \"allow\"\nexpires = 2999-01-01\n");
  auto noted = run({"policy", "check", policy.path()});
  CHECK(noted.how == exited(0));
  CHECK_MESSAGE(noted.out.find("note: " + (policy / "b.toml").string()
                               + ":6: to: \"com\" is always an ask: a name of "
                                 "one label, as `com`, may be more than one "
                                 "host\n")
                    != noted.out.npos,
                noted.out);
  // No ability of the shield makes it an allow.
  CHECK(noted.out.find("exact-names") == noted.out.npos);
  write_file(policy / "b.toml",
             "version = 1\n[[rule]]\nname = \"x\"\nto = []\n");
  auto bad = run({"policy", "check", policy.path()});
  CHECK(bad.how == exited(2));
  CHECK(bad.err.find((policy / "b.toml").string() + ":") != bad.err.npos);
  CHECK(run({"policy", "check", policy / "none"}).how == exited(2));
}

TEST_CASE("a policy is explained and tested without a hub") {
  const temp_dir dir;
  const auto policy = dir / "policy";
  std::filesystem::create_directory(policy);
  std::filesystem::permissions(policy, std::filesystem::perms{0700});
  write_file(policy / "a.toml", deny_rule
                                    + "[[rule]]\nname = \"wheels\"\n"
                                      "why = \"builds\"\nto = [\"pypi.org\"]\n"
                                      "ports = [443]\naction = \"allow\"\n"
                                      "expires = 2999-01-01\n");
  auto x = run({"policy", "check", policy});
  CHECK_MESSAGE(x.how == exited(0), x.err);
  CHECK(x.out.find("an ask where the shield has not: ports, exact-names")
        != x.out.npos);
  x = run({"policy", "explain", "--to", "x.ads.org", policy});
  CHECK_MESSAGE(x.how == exited(0), x.err);
  CHECK_MESSAGE(x.out.starts_with("deny\nrule: \"no ads\" ("), x.out);
  x = run({"policy", "explain", "--to", "pypi.org", "--port", "443", policy});
  CHECK_MESSAGE(x.out.starts_with("ask\n"), x.out);
  const std::string no_allow = "is an ask and no allow: the shield opens every "
                               "port and the rule lists some";
  CHECK_MESSAGE(x.out.find(no_allow) != x.out.npos, x.out);
  const std::string tests = "version = 1\n[[test]]\nto = \"x.ads.org\"\n"
                            "expect = \"deny\"\n";
  write_file(dir / "t.toml", tests);
  x = run({"policy", "test", dir / "t.toml", policy});
  CHECK_MESSAGE(x.how == exited(0), x.err);
  CHECK(x.out == "1 test, 0 failed\n");
  write_file(dir / "t.toml", tests
                                 + "[[test]]\nto = \"x.ads.org\"\n"
                                   "expect = \"ask\"\n");
  x = run({"policy", "test", dir / "t.toml", policy});
  CHECK(x.how == exited(1));
  CHECK_MESSAGE(x.out.find("t.toml:5: x.ads.org: expected ask, is deny by")
                    != x.out.npos,
                x.out);
  write_file(dir / "t.toml", "version = 1\n[[test]]\nto = \"pypi.org\"\n"
                             "ports = [443]\nexpect = \"allow\"\n");
  x = run({"policy", "test", dir / "t.toml", policy});
  CHECK(x.how == exited(1));
  CHECK_MESSAGE(x.out.find("expected allow, is ask by wheels") != x.out.npos,
                x.out);
  CHECK_MESSAGE(x.out.find("is no allow: the shield opens every port")
                    != x.out.npos,
                x.out);
  write_file(dir / "t.toml", "version = 2\n");
  CHECK(run({"policy", "test", dir / "t.toml", policy}).how == exited(2));
}

TEST_CASE("a hub without prompts says so to whoever asks for them") {
  const runtime where;
  hub_options options;
  options.arguments = {"--no-prompts"};
  hub server{where, options};
  const auto x = ask(where, {"list"});
  CHECK(x.how == exited(1));
  CHECK(x.err.find("start it without --no-prompts") != x.err.npos);
}

TEST_CASE("without a hub each client says so and ends with 1") {
  const runtime where;
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"list"},
                                             {"history"},
                                             {"decide", "b-1", "1", "allow"},
                                             {"explain", "--to", "a.org"}}) {
    auto x = ask(where, words);
    CHECK(x.how == exited(1));
    CHECK(x.err.find("no hub runs at") != x.err.npos);
  }
}

TEST_CASE("plain text decides what its line said") {
  operation x{executor::hub};
  auto subscriber = x.server.subscriber();
  x.server.emit(block_of("r1", "pypi.org").line());
  subscriber.next_event();
  // Numbers begin with another one in each run: `a 1` decides nothing.
  temp_dir files;
  child_options options;
  options.argv = {"/bin/bash", "-c",
                  "mkfifo in; exec 4<> in; "
                  "\"$terok_clearance\" --plain --clearance-socket \"$hub\" "
                  "< in > out & "
                  "until grep -q ' wants ' out; do sleep 0.05; done; "
                  "n=$(sed -n 's/.*\\[\\(.*\\)\\] c1 wants.*/\\1/p' out); "
                  "printf 'a 1\\na %s build tools\\na %s\\nq\\n' $n $n >&4; "
                  "wait $!; echo \"$n $?\"; cat out"};
  options.environment = {{"terok_clearance", terok_clearance()},
                         {"hub", x.where.clearance()}};
  options.working_directory = files.path();
  child program{std::move(options)};
  CHECK_MESSAGE(program.wait() == exited(0), program.err());
  const auto out = program.out();
  const auto number = out.substr(0, out.find(' '));
  CHECK(number.size() == 3);
  CHECK(out.starts_with(number + " 0\n"));
  CHECK(out.find(" [1] Nothing done: ") != out.npos);
  CHECK(out.find(" [" + number + "] allowed\n") != out.npos);
  CHECK(x.shield.next_run().arguments
        == std::vector<std::string>{"allow", "c1", "pypi.org"});
  const auto history = lines_of(ask(x.where, {"history", "--json"}).out);
  REQUIRE_EQ(history.size(), 1);
  CHECK(history[0]["reason"].text() == "build tools");
  CHECK(history[0]["by"]["name"].text() == "plain");
}

} // namespace operators_tests
