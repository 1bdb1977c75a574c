#include "actors/io/process/child.hpp"

#include "actors/io/process/group_sleep.hpp"
#include "test/actors/io/loop/stale_event.hpp"
#include "test/actors/io/process/processes.hpp"
#include "test/support/deadline.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/files/test_paths.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>

namespace child_tests {

using namespace clearance;

namespace {

struct fixture {
  boost::asio::io_context ioc;
  io::unique_fd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  std::optional<io::exit_status> status;
  int calls = 0;

  io::spawn_plan plan(const std::string& script) {
    return {"/bin/sh",  {"sh", "-c", script}, {"PATH=/usr/bin:/bin"},
            null.get(), null.get(),           null.get()};
  }

  io::child_process::exit_handler on_exit() {
    return [this](io::exit_status x) {
      status = x;
      ++calls;
    };
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "the exit code of a child is reported once") {
  io::child_process child;
  REQUIRE_EQ(child.start(ioc, plan("exit 7"), on_exit()), 0);
  CHECK_EQ(calls, 0);
  ioc.run();
  CHECK_EQ(calls, 1);
  CHECK_EQ(status, io::exit_status{false, 7});
  CHECK(test::no_children());
}

// Once a busy verdict helper killed a shield that had just started.
TEST_CASE_FIXTURE(fixture, "an event of another descriptor ends no child") {
  test::pipe_ends in;
  io::child_process child;
  auto p = plan("read x; exit 7");
  p.stdin_fd = in.reading.get();
  test::with_stale_event(
      ioc, [&] { REQUIRE_EQ(child.start(ioc, p, on_exit()), 0); });
  CHECK_EQ(calls, 0);
  in.writing.reset();
  ioc.run();
  CHECK_EQ(status, io::exit_status{false, 7});
}

TEST_CASE_FIXTURE(fixture, "the signal that ended a child is reported") {
  io::child_process child;
  REQUIRE_EQ(child.start(ioc, plan("kill -USR1 $$"), on_exit()), 0);
  ioc.run();
  CHECK_EQ(status, io::exit_status{true, SIGUSR1});
}

TEST_CASE_FIXTURE(fixture, "kill_group() ends grandchildren, too") {
  test::pipe_ends out;
  io::child_process child;
  auto p = plan("sleep 1000 & echo; wait");
  p.stdout_fd = out.writing.get();
  REQUIRE_EQ(child.start(ioc, p, on_exit()), 0);
  out.writing.reset();
  char byte = 0;
  REQUIRE_EQ(::read(out.reading.get(), &byte, 1), 1);
  child.kill_group();
  ioc.run();
  CHECK_EQ(status, io::exit_status{true, SIGKILL});
  CHECK_EQ(test::read_all(out.reading), ""); // no process holds the pipe
}

TEST_CASE_FIXTURE(fixture, "a destroyed child is killed and reaped later") {
  auto pid = pid_t{-1};
  {
    io::child_process child;
    REQUIRE_EQ(child.start(ioc, plan("sleep 1000"), on_exit()), 0);
    pid = child.pid();
  }
  CHECK_FALSE(test::no_children());
  ioc.run(); // returns when the child was reaped
  CHECK(test::await_end(pid));
  CHECK_EQ(calls, 0);
  CHECK(test::no_children());
}

TEST_CASE_FIXTURE(fixture, "a destroyed io_context leaves no child behind") {
  auto descriptors = test::open_descriptors();
  {
    boost::asio::io_context other;
    io::child_process child;
    REQUIRE_EQ(child.start(other, plan("sleep 1000"), on_exit()), 0);
  }
  CHECK_EQ(calls, 0);
  CHECK(test::no_children());
  CHECK_EQ(test::open_descriptors(), descriptors);
}

TEST_CASE_FIXTURE(fixture,
                  "assigning to a child kills the process that it had") {
  io::child_process child;
  REQUIRE_EQ(child.start(ioc, plan("sleep 1000"), on_exit()), 0);
  child = {};
  ioc.run();
  CHECK_EQ(calls, 0);
  CHECK(test::no_children());
}

TEST_CASE_FIXTURE(fixture,
                  "a child may end by itself when its pipes are closed") {
  test::pipe_ends in;
  io::child_process child;
  auto p = plan("cat; exit 4");
  p.stdin_fd = in.reading.get();
  REQUIRE_EQ(child.start(ioc, p, on_exit()), 0);
  in.writing.reset();
  child.end_group();
  child.end_group(); // a second call does nothing
  ioc.run();
  CHECK_EQ(status, io::exit_status{false, 4});
}

TEST_CASE_FIXTURE(
    fixture,
    "a child that does not end when its pipes are closed gets SIGTERM") {
  io::child_process child;
  REQUIRE_EQ(child.start(ioc, plan("sleep 1000"), on_exit()), 0);
  child.end_group();
  ioc.run();
  CHECK_EQ(status, io::exit_status{true, SIGTERM});
}

TEST_CASE_FIXTURE(fixture, "a child that ignores SIGTERM is killed") {
  io::child_process child;
  REQUIRE_EQ(
      child.start(ioc, plan("trap '' TERM; sleep 1000; sleep 1000"), on_exit()),
      0);
  child.end_group();
  ioc.run();
  CHECK_EQ(status, io::exit_status{true, SIGKILL});
}

// SIGKILL would end the process as soon as its disk answers, before the process
// could remove its lock files.
TEST_CASE_FIXTURE(fixture, "a child that waits for a disk is not killed") {
  const test::temp_dir dir;
  const auto fifo = (dir / "fifo").string();
  REQUIRE_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  test::pipe_ends out;
  const std::string stalled = test::stalled_program();
  const auto command = "'" + stalled + "' '" + fifo + "'";
  auto p = plan("exec " + command);
  auto expected = io::exit_status{false, 5};
  SUBCASE("the child itself waits") {
  }
  SUBCASE("another process of its group waits") {
    p = plan("trap 'exit 6' TERM; " + command + " & wait");
    expected = {false, 6};
  }
  p.stdout_fd = out.writing.get();
  io::child_process child;
  REQUIRE_EQ(child.start(ioc, p, on_exit()), 0);
  out.writing.reset();
  // Before this line SIGTERM would end the program. While the program is loaded
  // it may also sleep uninterruptibly for a short time, and the test could
  // mistake that for the long sleep.
  std::string line(std::string_view{"stalled\n"}.size(), '\0');
  REQUIRE_EQ(::read(out.reading.get(), line.data(), line.size()),
             static_cast<ssize_t>(line.size()));
  REQUIRE_EQ(line, "stalled\n");
  {
    const test::deadline guard;
    while (!io::sleeps_uninterruptibly(child.pid()))
      guard.pace("a process that sleeps uninterruptibly");
  }
  child.end_group();
  for (int i = 0; i < 3; ++i) // SIGTERM, then two checks of its state
    CHECK_EQ(ioc.run_one(), 1);
  REQUIRE_FALSE(status);
  CHECK(io::sleeps_uninterruptibly(child.pid()));
  const io::unique_fd wake{::open(fifo.c_str(), O_WRONLY | O_CLOEXEC)};
  ioc.run();
  CHECK_EQ(status, expected);
  CHECK_EQ(test::read_all(out.reading), "cleaned\n");
}

TEST_CASE_FIXTURE(
    fixture,
    "a child that is ending keeps its time when its owner is destroyed") {
  // The child writes a word at its end, if it is not killed before.
  test::pipe_ends out;
  auto p = plan("trap 'echo bye; exit 0' TERM; echo; sleep 1000 & wait");
  p.stdout_fd = out.writing.get();
  auto end = [&](boost::asio::io_context& where) {
    io::child_process child;
    REQUIRE_EQ(child.start(where, p, on_exit()), 0);
    out.writing.reset();
    char byte = 0;
    REQUIRE_EQ(::read(out.reading.get(), &byte, 1), 1); // the trap is set
    child.end_group();
  };
  SUBCASE("while the io_context runs") {
    end(ioc);
    ioc.run();
  }
  SUBCASE("when the io_context is destroyed") {
    boost::asio::io_context other;
    end(other);
  }
  CHECK_EQ(test::read_all(out.reading), "bye\n");
  CHECK_EQ(calls, 0);
  CHECK(test::no_children());
}

} // namespace child_tests
