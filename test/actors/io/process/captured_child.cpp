#include "actors/io/process/captured_child.hpp"

#include "test/actors/io/process/processes.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>

namespace captured_child_tests {

using namespace clearance;
using namespace std::chrono_literals;
using io::captured_child;
using io::captured_config;
using io::captured_result;

namespace {

// A limit that only a hang would meet.
constexpr auto long_time = 60s;

captured_config shell(std::string script) {
  captured_config result;
  result.program = "/bin/sh";
  result.argv = {"sh", "-c", std::move(script)};
  result.environment = {"PATH=/usr/bin:/bin"};
  result.time_limit = long_time;
  result.pipe_grace = long_time;
  return result;
}

captured_result run(captured_config config) {
  boost::asio::io_context ioc;
  captured_child child(ioc, std::move(config));
  captured_result result;
  int calls = 0;
  child.start([&](captured_result x) {
    result = std::move(x);
    ++calls;
  });
  CHECK_EQ(calls, 0); // never from inside start()
  ioc.run();
  CHECK_EQ(calls, 1);
  CHECK(test::no_children());
  return result;
}

} // namespace

TEST_CASE("a run that succeeds keeps its stderr and nothing of stdout") {
  auto result = run(shell("echo out; echo err >&2; cat"));
  CHECK(result.started);
  CHECK_EQ(result.spawn_errno, 0);
  CHECK_FALSE(result.timed_out);
  CHECK_EQ(result.status, io::exit_status{false, 0});
  CHECK_EQ(result.stderr_bytes, "err\n");
}

TEST_CASE("failure code and fatal signal of a run are told apart") {
  CHECK_EQ(run(shell("exit 9")).status, io::exit_status{false, 9});
  CHECK_EQ(run(shell("kill -KILL $$")).status, io::exit_status{true, SIGKILL});
}

TEST_CASE("a program that cannot be executed is reported from the loop") {
  auto config = shell("");
  config.program = "/nonexistent/program";
  auto result = run(config);
  CHECK_FALSE(result.started);
  CHECK_EQ(result.spawn_errno, ENOENT);
  CHECK_FALSE(result.status.has_value());
  config.program = "/etc/passwd";
  CHECK_EQ(run(config).spawn_errno, EACCES);
}

TEST_CASE("of a flood on stderr exactly the first bytes are kept") {
  auto result = run(shell(
      "i=0; while [ $i -lt 16384 ]; do printf '%063d\\n' $i; i=$((i+1)); done "
      ">&2"));
  std::string expected;
  for (int i = 0; i < 8; ++i)
    expected += std::string(62, '0') + std::to_string(i) + '\n';
  REQUIRE_EQ(expected.size(), protocol::limits::shield_stderr_max_bytes);
  CHECK_EQ(result.stderr_bytes, expected);
  CHECK_EQ(result.status, io::exit_status{false, 0});
}

TEST_CASE("a grandchild that holds stderr ends with its leader") {
  // The reference hangs for ever here.
  auto result = run(shell("sleep 1000 & echo $! >&2; exit 3"));
  CHECK_EQ(result.status, io::exit_status{false, 3});
  CHECK_FALSE(result.timed_out);
  auto grandchild = test::number_in(result.stderr_bytes);
  REQUIRE_GT(grandchild, 0);
  CHECK(test::await_end(grandchild));
}

TEST_CASE("at the limit a hanging leader and its grandchild are gone") {
  auto config = shell("sleep 1000 & echo $! >&2; wait");
  // On a busy machine the shell may not get to its second line in time.
  for (config.time_limit = 50ms;; config.time_limit *= 2) {
    auto result = run(config);
    CHECK(result.timed_out);
    CHECK_EQ(result.status, io::exit_status{true, SIGKILL});
    auto grandchild = test::number_in(result.stderr_bytes);
    if (grandchild < 0)
      continue;
    CHECK(test::await_end(grandchild));
    break;
  }
}

TEST_CASE("the limit holds for a leader that closed its stderr") {
  auto config = shell("exec 2>&-; sleep 1000");
  config.time_limit = 50ms;
  auto result = run(config);
  CHECK(result.timed_out);
  CHECK_EQ(result.status, io::exit_status{true, SIGKILL});
}

TEST_CASE("whoever left the group and keeps stderr is not waited for") {
  auto config = shell("d=$(mktemp -d); mkfifo $d/fifo; "
                      "setsid sh -c \"echo \\$\\$ >$d/fifo; exec sleep 60\" & "
                      "read pid <$d/fifo; rm -r $d; echo $pid >&2; exit 5");
  config.pipe_grace = 50ms;
  auto result = run(config);
  CHECK_EQ(result.status, io::exit_status{false, 5});
  CHECK_FALSE(result.timed_out);
  auto runaway = test::number_in(result.stderr_bytes);
  REQUIRE_GT(runaway, 0);
  CHECK_EQ(::kill(runaway, SIGKILL), 0); // it was still there
  CHECK(test::await_end(runaway));
}

TEST_CASE("a cancelled run reports its death") {
  boost::asio::io_context ioc;
  captured_child child(ioc, shell("sleep 1000"));
  captured_result result;
  child.start([&](captured_result x) { result = std::move(x); });
  child.cancel();
  ioc.run();
  CHECK_EQ(result.status, io::exit_status{true, SIGKILL});
  CHECK_FALSE(result.timed_out);
}

TEST_CASE("a destroyed run says nothing and leaves nothing") {
  boost::asio::io_context ioc;
  int calls = 0;
  {
    captured_child child(ioc, shell("sleep 1000"));
    child.start([&](captured_result) { ++calls; });
  }
  {
    auto config = shell("");
    config.program = "/nonexistent/program";
    captured_child child(ioc, config);
    child.start([&](captured_result) { ++calls; });
  }
  ioc.run();
  CHECK_EQ(calls, 0);
  CHECK(test::no_children());
}

TEST_CASE("a run may be destroyed by its own end") {
  boost::asio::io_context ioc;
  auto child = std::make_unique<captured_child>(ioc, shell("exit 0"));
  child->start([&](captured_result) { child.reset(); });
  ioc.run();
  CHECK_FALSE(child);
  CHECK(test::no_children());
}

TEST_CASE("300 runs leave no zombie and no descriptor") {
  boost::asio::io_context ioc;
  auto warm_up = std::make_unique<captured_child>(ioc, shell(":"));
  warm_up->start([](captured_result) {});
  ioc.run(); // Asio has opened its own descriptors now
  warm_up.reset();
  auto descriptors = test::open_descriptors();
  int ended = 0;
  for (int round = 0; round < 10; ++round) {
    std::vector<captured_child> children;
    for (int i = 0; i < 30; ++i) {
      children.emplace_back(ioc, shell(i % 2 != 0 ? ":" : "sleep 1000 &"));
      children.back().start([&](captured_result x) {
        ended += x.status == io::exit_status{false, 0} ? 1 : 0;
      });
    }
    ioc.restart();
    ioc.run();
  }
  CHECK_EQ(ended, 300);
  CHECK(test::no_children());
  CHECK_EQ(test::open_descriptors(), descriptors);
}

} // namespace captured_child_tests
