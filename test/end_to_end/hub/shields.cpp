// How the shield is run, and what its exit code means; the same for the hub's
// own executor and the helper's. Source: clearance.md, section 6.

#include "test/end_to_end/world/deployment.hpp"

#include <doctest/doctest.h>

#include <signal.h>
#include <unistd.h>

namespace shields_tests {

namespace {

using namespace clearance::test;

const auto applied = success(R"({"ok":true})");

varlink_reply failed(std::string_view why) {
  return failure("org.terok.Clearance1.ShieldCliFailed",
                 {{"action", "allow"}, {"stderr", why}});
}

/// Announces `x` and allows it.
varlink_reply allow(hub& server, const block& x = {}) {
  auto watcher = server.subscriber();
  server.emit(x.line());
  CHECK(watcher.next_event() == x.event());
  return server.client().verdict(x.container, x.request_id, x.dest, "allow");
}

} // namespace

TEST_CASE(
    "the shield gets three arguments, no shell and no descriptor of the hub") {
  operation x{each_executor()};
  block odd;
  odd.container = "c $(1) `2` 'x' \"y\" *";
  odd.dest = "a;b|c&d \\ %s";
  CHECK(allow(x.server, odd) == applied);
  const auto run = x.shield.next_run();
  CHECK(run.arguments
        == std::vector<std::string>{"allow", odd.container, odd.dest});
  CHECK(run.stdin_target == "/dev/null");
  CHECK(run.stdout_target == "/dev/null");
  CHECK(run.descriptors == 3);
  CHECK(run.process_group == run.pid);
}

TEST_CASE("a shield's stderr is cut at 512 bytes, made valid and trimmed") {
  operation x{each_executor()};
  const std::pair<std::string, std::string> table[] = {
      {" \n\t reason \n\n", "reason"},
      {std::string(512, 'a'), std::string(512, 'a')},
      {std::string(513, 'a'), std::string(512, 'a')},
      {"a\xff\x62", "a\xef\xbf\xbd\x62"},
      {"caf\xc3\xa9", "caf\xc3\xa9"},
      {"two\nlines\n", "two\nlines"},
  };
  for (const auto& [written, told] : table) {
    x.shield.behave("exit 1", written);
    CHECK(allow(x.server) == failed(told));
  }
  // A UTF-8 sequence that is cut at the limit is not valid.
  x.shield.behave("exit 1", std::string(511, 'a') + "\xc3\xa9");
  const auto cut = allow(x.server).parameters["stderr"].text();
  CHECK(cut.starts_with(std::string(511, 'a')));
  CHECK(cut.find('\xc3') == std::string::npos);
}

TEST_CASE("a shield that fails without output, or by a signal, has a reason") {
  operation x{each_executor()};
  for (auto words : {"exit 1", "exit 255", "signal 9", "signal 15"}) {
    x.shield.behave(words);
    const auto reply = allow(x.server);
    CHECK(reply.error == "org.terok.Clearance1.ShieldCliFailed");
    CHECK(reply.parameters["stderr"].text() != "");
  }
}

TEST_CASE("a shield that floods stderr delays nobody") {
  operation x{each_executor(), "flood exit 0"};
  CHECK(allow(x.server) == applied);
  x.shield.behave("flood exit 1");
  CHECK(allow(x.server) == failed(std::string(512, 'f')));
}

TEST_CASE("processes of the shield's process group end with it") {
  operation x{each_executor(), "leave exit 0"};
  CHECK(allow(x.server) == applied);
  x.shield.await_all_gone();
  x.shield.behave("leave exit 1", "no");
  CHECK(allow(x.server) == failed("no"));
  x.shield.await_all_gone();
}

TEST_CASE("a process that left the group and holds stderr open does not delay "
          "the verdict") {
  operation x{each_executor(), "escape exit 1", "no"};
  CHECK(allow(x.server) == failed("no"));
}

TEST_CASE("without a shield the reason says so") {
  runtime where;
  hub_options options;
  // A copy: terok-guard lies beside the program that was built.
  const auto alone = where.dir / "terok-clearance";
  std::filesystem::copy_file(terok_clearance(), alone);
  const std::vector<std::pair<std::string, std::string>> nowhere{
      {"PATH", "/nonexistent"}, {"HOME", where.dir.path().string()}};
  SUBCASE("there is none beside the program or on PATH") {
    options.process.argv = {alone};
    options.process.environment = nowhere;
    options.inline_verdict = true;
    hub server{where, std::move(options)};
    CHECK(allow(server) == failed("terok-shield not found on PATH"));
  }
  SUBCASE("the path does not exist") {
    options.shield = where.dir / "no-such-shield";
    hub server{where, std::move(options)};
    const auto reply = allow(server);
    CHECK(reply.parameters["stderr"].text().starts_with("spawn failed: "));
  }
  SUBCASE("the file is no program") {
    options.shield = where.dir / "text";
    write_file(options.shield, "text\n");
    hub server{where, std::move(options)};
    const auto reply = allow(server);
    CHECK(reply.parameters["stderr"].text().starts_with("spawn failed: "));
  }
  SUBCASE("in the helper") {
    child_options bare;
    bare.argv = {alone, "serve-verdict", "--socket", where.verdict()};
    bare.environment = nowhere;
    auto helper = start(std::move(bare), {where.verdict()});
    hub server{where, std::move(options)};
    CHECK(allow(server) == failed("terok-shield not found on PATH"));
  }
}

TEST_CASE("the shield is looked for beside the program, then on PATH") {
  runtime where;
  const fake_shield beside{"exit 1", "the one beside"};
  const fake_shield on_path{"exit 1", "the one on PATH"};
  for (auto name : {"programs", "path"})
    std::filesystem::create_directory(where.dir / name);
  on_path.install(where.dir / "path");
  hub_options options;
  options.process.argv = {where.dir / "programs/terok-clearance"};
  std::filesystem::copy_file(terok_clearance(), options.process.argv.front());
  options.process.environment = {
      {"PATH", (where.dir / "path").string() + ":/usr/bin:/bin"}};
  options.inline_verdict = true;
  {
    hub server{where, options};
    CHECK(allow(server) == failed("the one on PATH"));
  }
  beside.install(where.dir / "programs");
  hub server{where, options};
  CHECK(allow(server) == failed("the one beside"));
}

TEST_CASE("without terok-shield the hub uses terok-guard, and says so") {
  runtime where;
  const fake_shield guard{"exit 1", "terok-guard's answer"};
  guard.install(where.dir.path());
  std::filesystem::rename(where.dir / "terok-shield",
                          where.dir / "terok-guard");
  hub_options options;
  options.process.argv = {where.dir / "terok-clearance"};
  std::filesystem::copy_file(terok_clearance(), options.process.argv.front());
  options.process.environment = {{"PATH", "/nonexistent"},
                                 {"HOME", where.dir.path().string()}};
  options.inline_verdict = true;
  hub server{where, options};
  server.process().await_err("this program executes verdicts");
  server.process().await_err((where.dir / "terok-guard").string());
  CHECK(allow(server) == failed("terok-guard's answer"));
}

TEST_CASE("a name that looks like an option never reaches the shield") {
  // A container chooses the names that it looks up, for example `--force`.
  operation x{each_executor()};
  block option;
  option.dest = "--force";
  const auto refused_dest = allow(x.server, option);
  CHECK(refused_dest.error == "org.terok.Clearance1.ShieldCliFailed");
  CHECK(refused_dest.parameters["stderr"].text() != "");
  option = {};
  option.container = "-c1";
  CHECK(allow(x.server, option).error
        == "org.terok.Clearance1.ShieldCliFailed");
  CHECK(allow(x.server) == applied);
  CHECK(x.shield.next_run().arguments[1] == "c1");
  CHECK(x.shield.waiting_runs() == 0);
}

TEST_CASE(
    "the helper answers bad calls itself, and never with a varlink error") {
  runtime where;
  fake_shield shield;
  auto helper =
      start(serve_verdict(where, shield.program()), {where.verdict()});
  varlink_client client{where.verdict()};
  auto apply = [&](std::string_view container, std::string_view dest,
                   std::string_view action) {
    return client.call(
        "org.terok.ClearanceVerdict1.Apply",
        object_of(
            {{"container", container}, {"dest", dest}, {"action", action}}));
  };
  CHECK(apply("c1", "d", "allow") == success(R"({"ok":true,"stderr":""})"));
  CHECK(shield.next_run().arguments
        == std::vector<std::string>{"allow", "c1", "d"});
  shield.behave("exit 2", "no\n");
  CHECK(apply("c1", "d", "deny") == success(R"({"ok":false,"stderr":"no"})"));
  CHECK(shield.next_run().arguments[0] == "deny");
  for (const auto& [container, dest, action] : {std::tuple{"-c", "d", "deny"},
                                                {"c", "-d", "deny"},
                                                {"c", "d", "permit"},
                                                {"c", "d", ""},
                                                {"c", "d", "--help"}}) {
    const auto& shown = action; // clang 14 captures no binding
    CAPTURE(shown);
    const auto reply = apply(container, dest, action);
    CHECK(reply.error == "");
    CHECK(reply.parameters["ok"] == json::parse("false"));
    CHECK(reply.parameters["stderr"].text() != "");
  }
  CHECK(shield.waiting_runs() == 0);
  helper.kill(SIGTERM);
  CHECK(helper.wait() == exited(0));
  CHECK_FALSE(std::filesystem::exists(where.verdict()));
}

} // namespace shields_tests
