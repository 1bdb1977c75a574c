// What an operator does: watch in one terminal, emit in another, verdict in a
// third, with the programs as they are built.

#include "test/end_to_end/world/deployment.hpp"

#include <doctest/doctest.h>

#include <signal.h>

namespace command_line_tests {

namespace {

using namespace clearance::test;

child run(std::vector<std::string> words, std::string stdin_bytes = {}) {
  child_options options;
  options.argv = {terok_clearance()};
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  options.stdin_bytes = std::move(stdin_bytes);
  return child{std::move(options)};
}

child emit(const operation& x, std::string lines) {
  return run({"emit", "--reader-socket", x.where.reader()}, std::move(lines));
}

child verdict(const operation& x, const std::string& request_id,
              const std::string& dest, const std::string& action) {
  return run({"verdict", request_id, dest, action, "--container", "c1",
              "--clearance-socket", x.where.clearance()});
}

/// Emits marks until `watch` shows one.
void await_following(const operation& x, child& watcher) {
  const deadline guard;
  while (watcher.out().find("\"here\"") == std::string::npos) {
    CHECK(emit(x, plain_line("shield_up", "here")).wait() == exited(0));
    guard.pace("watch", {watcher.pidfd()});
  }
}

} // namespace

TEST_CASE("watch, emit and verdict work together") {
  operation x{each_executor()};
  auto watcher =
      run({"watch", "--json", "--clearance-socket", x.where.clearance()});
  await_following(x, watcher);
  auto emitter =
      run({"emit", "--blocked", "--container", "c1", "--dest", "203.0.113.7",
           "--port", "443", "--id", "c1:1", "--domain", "example.org",
           "--reader-socket", x.where.reader()});
  CHECK(emitter.wait() == exited(0));
  CHECK(emitter.out() == "c1:1\n");
  watcher.await_out("connection_blocked");
  CHECK(verdict(x, "c1:1", "example.org", "allow").wait() == exited(0));
  CHECK(x.shield.next_run().arguments
        == std::vector<std::string>{"allow", "c1", "example.org"});
  watcher.await_out("verdict_applied");
  auto refused = verdict(x, "c1:1", "example.org", "allow");
  CHECK(refused.wait() == exited(1));
  CHECK(refused.err().find("UnknownRequest") != std::string::npos);
  CHECK(refused.err().find("c1:1") != std::string::npos);
  CHECK(verdict(x, "c1:1", "example.org", "permit").wait() == exited(2));
  watcher.kill(SIGTERM);
  CHECK(watcher.wait() == exited(0));
}

TEST_CASE("emit sends lines unchanged") {
  operation x{executor::hub};
  auto watcher = x.server.subscriber();
  CHECK(emit(x, "bad\n" + block{}.line() + plain_line("shield_up", "c1")).wait()
        == exited(0));
  CHECK(watcher.next_event() == block{}.event());
  CHECK(watcher.next_event() == plain_event("shield_up", "c1"));
}

TEST_CASE("watch connects again to a hub that was restarted") {
  runtime where;
  std::optional<hub> server{std::in_place, where};
  auto watcher =
      run({"watch", "--json", "--clearance-socket", where.clearance()});
  auto await = [&](const std::string& container) {
    const deadline guard;
    while (watcher.out().find('"' + container + '"') == std::string::npos) {
      server->emit(plain_line("shield_up", container));
      guard.pace("watch showing " + container, {watcher.pidfd()});
    }
  };
  await("before");
  CHECK(server->stop() == exited(0));
  server.emplace(where);
  await("after");
  server->process().kill(SIGKILL);
  server->process().wait();
  server.emplace(where);
  await("again");
}

TEST_CASE("wrong usage is one line and exit code 2") {
  for (std::vector<std::string> words : {std::vector<std::string>{},
                                         {"serve", "--nonsense"},
                                         {"nonsense"},
                                         {"serve", "--only-container"},
                                         {"verdict", "r", "d", "allow"}}) {
    auto program = run(words);
    CHECK(program.wait() == exited(2));
    CHECK(program.err() != "");
  }
}

} // namespace command_line_tests
