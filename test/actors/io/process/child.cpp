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
#include <sys/wait.h>

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

namespace {

/// A process that waits for a disk, as far as the kernel can tell. It notices a
/// SIGTERM when its wait is over, and then says that it has cleaned up.
struct stalled_fixture : fixture {
  const test::temp_dir dir;
  const std::string fifo = (dir / "fifo").string();
  const std::string command =
      "'" + std::string(test::stalled_program()) + "' '" + fifo + "'";
  test::pipe_ends in;
  test::pipe_ends out;

  stalled_fixture() { REQUIRE_EQ(::mkfifo(fifo.c_str(), 0600), 0); }

  /// Returns when some process of the group waits.
  void start(io::child_process& child, boost::asio::io_context& where,
             const std::string& script) {
    auto p = plan(script);
    p.stdin_fd = in.reading.get();
    p.stdout_fd = out.writing.get();
    REQUIRE_EQ(child.start(where, p, on_exit()), 0);
    out.writing.reset();
    // Before this line SIGTERM would end it, and a short sleep of another kind,
    // while it is loaded, could be taken for the long one.
    std::string line(std::string_view{"stalled\n"}.size(), '\0');
    REQUIRE_EQ(::read(out.reading.get(), line.data(), line.size()),
               static_cast<ssize_t>(line.size()));
    REQUIRE_EQ(line, "stalled\n");
    const test::deadline guard;
    while (!io::sleeps_uninterruptibly(child.pid()))
      guard.pace("a process that sleeps uninterruptibly");
  }

  /// So many timers and exits, after which the group still waits.
  void check_waits(pid_t group, int events) {
    for (int i = 0; i < events; ++i)
      CHECK_EQ(ioc.run_one(), 1);
    CHECK_FALSE(status);
    CHECK(io::sleeps_uninterruptibly(group));
  }

  /// The disk answers. Returns what the child says then.
  std::string wake() {
    const io::unique_fd disk{::open(fifo.c_str(), O_WRONLY | O_CLOEXEC)};
    ioc.run();
    return test::read_all(out.reading);
  }
};

} // namespace

// SIGKILL would end it as soon as its disk answers, and before it could remove
// its lock files.
TEST_CASE("a child that waits for a disk is not killed") {
  enum class request { end, kill, both };
  for (const auto asked : {request::end, request::kill, request::both})
    for (const bool leader_waits : {true, false}) {
      CAPTURE(int(asked));
      CAPTURE(leader_waits);
      stalled_fixture x;
      io::child_process child;
      x.start(child, x.ioc,
              leader_waits ? "exec " + x.command
                           : "trap 'exit 6' TERM; " + x.command + " & wait");
      if (asked != request::kill)
        child.end_group();
      if (asked != request::end)
        child.kill_group();
      // SIGTERM after a while or at once, and two looks at the group
      x.check_waits(child.pid(), asked == request::end ? 3 : 2);
      CHECK_EQ(x.wake(), "cleaned\n");
      CHECK_EQ(x.status, io::exit_status{false, leader_waits ? 5 : 6});
    }
}

TEST_CASE_FIXTURE(stalled_fixture,
                  "a child that waits for a disk outlives its owner") {
  pid_t pid = -1;
  {
    io::child_process child;
    start(child, ioc, "exec " + command);
    pid = child.pid();
  }
  check_waits(pid, 2);
  CHECK_EQ(wake(), "cleaned\n");
  CHECK_EQ(calls, 0);
  CHECK(test::no_children());
}

TEST_CASE_FIXTURE(stalled_fixture,
                  "a child that waits for a disk outlives its io_context") {
  pid_t pid = -1;
  {
    boost::asio::io_context other;
    io::child_process child;
    start(child, other, "exec " + command);
    pid = child.pid();
  }
  CHECK(io::sleeps_uninterruptibly(pid));
  CHECK_EQ(wake(), "cleaned\n");
  int end = 0;
  REQUIRE_EQ(::waitpid(pid, &end, 0), pid);
  CHECK_EQ(WEXITSTATUS(end), 5);
}

// A git that fails does not wait for what it has started.
TEST_CASE_FIXTURE(stalled_fixture,
                  "what a failed child leaves behind is not killed either") {
  io::child_process child;
  start(child, ioc, command + " & read x; exit 3");
  in.writing.reset();
  check_waits(child.pid(), 2);
  CHECK_EQ(wake(), "cleaned\n");
  CHECK_EQ(status, io::exit_status{false, 3});
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
