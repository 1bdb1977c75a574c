#include "actors/io/process/child_runner.hpp"

#include "test/actors/io/process/processes.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <functional>
#include <vector>

namespace child_runner_tests {

using namespace clearance;
using namespace std::chrono_literals;
using actors::process_ended;
using how = process_ended::how;

namespace {

// A time limit that only a hanging run reaches.
constexpr auto long_time = 60s;

struct script_run {
  explicit script_run(const std::string& script) {
    spec.program = "/bin/sh";
    spec.arguments = {"-c", script};
    spec.time_limit = long_time;
    spec.stderr_max_bytes = protocol::limits::shield_stderr_max_bytes;
  }

  actors::process_ptr start(boost::asio::io_context& ioc,
                            std::function<void(process_ended)> done) const {
    return io::run_child(ioc, 7, spec, std::move(done), pipe_grace);
  }

  actors::process_spec spec;
  std::chrono::milliseconds pipe_grace = long_time;
};

process_ended run(const script_run& script) {
  boost::asio::io_context ioc;
  process_ended result;
  int calls = 0;
  const auto child = script.start(ioc, [&](process_ended x) {
    result = std::move(x);
    ++calls;
  });
  CHECK_EQ(calls, 0); // run_child() never calls the handler itself
  ioc.run();
  CHECK_EQ(calls, 1);
  CHECK_EQ(result.id, 7);
  CHECK(test::no_children());
  return result;
}

process_ended run(const char* script) {
  return run(script_run(script));
}

void check_end(const process_ended& x, how what, int code) {
  CHECK_EQ(x.what, what);
  CHECK_EQ(x.code, code);
}

} // namespace

TEST_CASE("a run that succeeds keeps its stderr and nothing of stdout") {
  auto result = run("echo out; echo err >&2; cat");
  check_end(result, how::exited, 0);
  CHECK_EQ(result.stderr_bytes, "err\n");
}

TEST_CASE("an exit code and a fatal signal are reported as different ends") {
  check_end(run("exit 9"), how::exited, 9);
  check_end(run("kill -KILL $$"), how::signalled, SIGKILL);
}

TEST_CASE("a program that cannot be executed is reported later, by the loop") {
  script_run x("");
  x.spec.program = "/nonexistent/program";
  check_end(run(x), how::not_found, 0);
  x.spec.program = "/etc/passwd"; // not executable for anybody
  check_end(run(x), how::not_found, 0);
  test::temp_dir dir;
  const auto garbage = dir / "garbage";
  test::write_file(garbage, "neither a program nor a script");
  std::filesystem::permissions(garbage, std::filesystem::perms::owner_all);
  x.spec.program = garbage.string();
  check_end(run(x), how::not_spawned, ENOEXEC);
}

TEST_CASE("exactly the first bytes of a long stderr are kept") {
  auto result = run(
      "i=0; while [ $i -lt 16384 ]; do printf '%063d\\n' $i; i=$((i+1)); done "
      ">&2");
  std::string expected;
  for (int i = 0; i < 8; ++i)
    expected += std::string(62, '0') + std::to_string(i) + '\n';
  REQUIRE_EQ(expected.size(), protocol::limits::shield_stderr_max_bytes);
  CHECK_EQ(result.stderr_bytes, expected);
  check_end(result, how::exited, 0);
}

TEST_CASE("a grandchild that holds stderr ends with the leader of the group") {
  // The Python hub hangs for ever here.
  auto result = run("sleep 1000 & echo $! >&2; exit 3");
  check_end(result, how::exited, 3);
  auto grandchild = test::number_in(result.stderr_bytes);
  REQUIRE_GT(grandchild, 0);
  CHECK(test::await_end(grandchild));
}

TEST_CASE("at the time limit a hanging leader and its grandchild are killed") {
  script_run x("sleep 1000 & echo $! >&2; wait");
  // On a busy machine the shell may not reach its second command in time.
  for (x.spec.time_limit = 50ms;; x.spec.time_limit *= 2) {
    auto result = run(x);
    check_end(result, how::timed_out, 0);
    auto grandchild = test::number_in(result.stderr_bytes);
    if (grandchild < 0)
      continue;
    CHECK(test::await_end(grandchild));
    break;
  }
}

TEST_CASE("the time limit applies also to a leader that closed its stderr") {
  script_run x("exec 2>&-; sleep 1000");
  x.spec.time_limit = 50ms;
  check_end(run(x), how::timed_out, 0);
}

TEST_CASE(
    "a process that left the group and holds stderr does not delay the end") {
  script_run x("d=$(mktemp -d); mkfifo $d/fifo; "
               "setsid sh -c \"echo \\$\\$ >$d/fifo; exec sleep 60\" & "
               "read pid <$d/fifo; rm -r $d; echo $pid >&2; exit 5");
  x.pipe_grace = 50ms;
  auto result = run(x);
  check_end(result, how::exited, 5);
  auto runaway = test::number_in(result.stderr_bytes);
  REQUIRE_GT(runaway, 0);
  CHECK_EQ(::kill(runaway, SIGKILL), 0); // it was still running
  CHECK(test::await_end(runaway));
}

TEST_CASE("a destroyed run calls no handler and leaves no process") {
  boost::asio::io_context ioc;
  int calls = 0;
  script_run x("sleep 1000");
  x.start(ioc, [&](process_ended) { ++calls; });
  x.spec.program = "/nonexistent/program";
  x.start(ioc, [&](process_ended) { ++calls; });
  ioc.run();
  CHECK_EQ(calls, 0);
  CHECK(test::no_children());
}

TEST_CASE("the handler of a run may destroy the run") {
  boost::asio::io_context ioc;
  actors::process_ptr child;
  child =
      script_run("exit 0").start(ioc, [&](process_ended) { child.reset(); });
  ioc.run();
  CHECK_FALSE(child);
  CHECK(test::no_children());
}

TEST_CASE("300 runs leave no zombie and no descriptor") {
  boost::asio::io_context ioc;
  auto warm_up = script_run(":").start(ioc, [](process_ended) {});
  ioc.run(); // now Asio has opened its own descriptors
  warm_up.reset();
  auto descriptors = test::open_descriptors();
  int ended = 0;
  for (int round = 0; round < 10; ++round) {
    std::vector<actors::process_ptr> children;
    for (int i = 0; i < 30; ++i)
      children.push_back(script_run(i % 2 != 0 ? ":" : "sleep 1000 &")
                             .start(ioc, [&](process_ended x) {
                               ended += x.what == how::exited && x.code == 0;
                             }));
    ioc.restart();
    ioc.run();
  }
  CHECK_EQ(ended, 300);
  CHECK(test::no_children());
  CHECK_EQ(test::open_descriptors(), descriptors);
}

} // namespace child_runner_tests
