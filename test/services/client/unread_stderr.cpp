// Clients whose stderr nobody reads, and clients with inherited signals and
// limits. None of them may wait for ever.
#include "test/services/client/client_program.hpp"
#include "test/support/process/full_pipe.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <optional>
#include <utility>
#include <vector>

namespace unread_stderr_tests {

using namespace clearance::test;

namespace {

child run_unread(const temp_dir& runtime, const full_pipe& pipe,
                 std::vector<std::string> words) {
  child_options options;
  options.argv = {TEST_TEROK_CLEARANCE};
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  options.environment = {{"XDG_RUNTIME_DIR", runtime.path().string()}};
  return child{pipe(std::move(options))};
}

} // namespace

TEST_CASE("clients end with their exit code although nobody reads stderr") {
  const temp_dir runtime;
  const full_pipe pipe;
  const std::vector<std::pair<std::vector<std::string>, int>> calls{
      {{"list"}, 1},
      {{"verdict", "c:1", "d", "allow", "--container", "c"}, 1},
      {{"emit"}, 1},
      {{"history"}, 1},
      {{"policy", "check", "/nowhere"}, 2},
      {{"--bogus"}, 2},
      {{"serve", "--config", "/nowhere"}, 2},
  };
  for (const auto& call : calls) {
    CAPTURE(call.first.front());
    auto program = run_unread(runtime, pipe, call.first);
    CHECK(program.wait() == exited(call.second));
  }
}

TEST_CASE("watch shows events although nobody reads its stderr") {
  const temp_dir runtime;
  full_pipe pipe;
  listener hub{runtime / "terok-clearance.sock"};
  auto watcher = run_unread(runtime, pipe, {"watch", "--json"});
  {
    auto peer = await_subscriber(hub);
    peer.send(started_event("c1"));
    watcher.await_out("c1");
  }
  // It says that the hub went away; then somebody reads again.
  {
    auto again = await_subscriber(hub);
    pipe.drain();
    again.send(started_event("c2"));
    watcher.await_out("c2");
  }
  pipe.await("terok-clearance: nobody read stderr for a while, messages were"
             " lost: ");
  watcher.kill(SIGTERM);
  CHECK(watcher.wait() == exited(0));
}

TEST_CASE("a limit of the file size is a fault that is said") {
  const temp_dir runtime;
  const auto file = (runtime / "out").string();
  auto program = run_script(runtime, "ulimit -f 1; exec " + client
                                         + "watch --help >'" + file + "'");
  CHECK(program.wait() == exited(1));
  CHECK(program.err()
        == "terok-clearance: stdout cannot be written: File too large\n");
}

TEST_CASE("a client ends on a signal that its parent had blocked") {
  const temp_dir runtime;
  listener hub{runtime / "terok-clearance.sock"};
  auto program = run_script(runtime, "exec env --block-signal=TERM " + client
                                         + "verdict c:1 d allow --container c");
  auto peer = await_subscriber(hub);
  program.kill(SIGTERM);
  CHECK(program.wait() == ending{std::nullopt, SIGTERM});
}

} // namespace unread_stderr_tests
