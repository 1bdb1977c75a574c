#include "actors/io/process/spawn.hpp"

#include "test/actors/io/process/processes.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>

namespace spawn_tests {

using namespace clearance;

namespace {

struct run_result {
  io::spawn_result spawned;
  std::string out;
  int status = -1;
};

// Runs a program to its end and returns its stdout.
run_result run(std::vector<std::string> argv,
               std::vector<std::string> environment = {}) {
  test::pipe_ends out;
  io::unique_fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  run_result result;
  result.spawned = io::spawn({argv.front(), argv, environment, null.get(),
                              out.writing.get(), null.get()});
  out.writing.reset();
  result.out = test::read_all(out.reading);
  if (result.spawned.pid > 0)
    ::waitpid(result.spawned.pid, &result.status, 0);
  return result;
}

} // namespace

TEST_CASE("a child gets exactly the given environment") {
  auto result = run({"/usr/bin/env"}, {"A=1", "B=two words"});
  CHECK_EQ(result.out, "A=1\nB=two words\n");
  CHECK_EQ(result.status, 0);
}

TEST_CASE("a child leads a process group of its own") {
  auto result = run({"/bin/sh", "-c", "cut -d' ' -f5 /proc/$$/stat"});
  CHECK_EQ(test::number_in(result.out), result.spawned.pid);
}

TEST_CASE("a child has no signal blocked or ignored, and the parent's are "
          "unchanged") {
  sigset_t term, before, after;
  ::sigemptyset(&term);
  ::sigaddset(&term, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &term, &before);
  auto old_pipe = ::signal(SIGPIPE, SIG_IGN);
  auto old_hup = ::signal(SIGHUP, [](int) {});
  auto result = run({"/bin/grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"});
  ::signal(SIGHUP, old_hup);
  CHECK((::signal(SIGPIPE, old_pipe) == SIG_IGN));
  ::sigprocmask(SIG_SETMASK, &before, &after);
  CHECK_EQ(::sigismember(&after, SIGTERM), 1);
  CHECK_EQ(::sigismember(&after, SIGUSR1), 0);
  CHECK_EQ(result.out, "SigBlk:\t0000000000000000\n"
                       "SigIgn:\t0000000000000000\n");
}

TEST_CASE("SIGHUP waits in a child that the plan says so of") {
  test::pipe_ends out;
  const io::unique_fd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  io::spawn_plan plan{"/bin/sh",
                      {"/bin/sh", "-c", "kill -HUP $$; echo it goes on"},
                      {},
                      null.get(),
                      out.writing.get(),
                      null.get()};
  plan.hangup_waits = true;
  const auto child = io::spawn(plan);
  out.writing.reset();
  CHECK_EQ(test::read_all(out.reading), "it goes on\n");
  int status = -1;
  ::waitpid(child.pid, &status, 0);
  CHECK_EQ(status, 0);
}

TEST_CASE("a descriptor without CLOEXEC does not reach a child") {
  io::unique_fd leaky(::open("/dev/null", O_RDONLY));
  auto path = "/proc/self/fd/" + std::to_string(leaky.get());
  auto result = run({"/usr/bin/test", "-e", path});
  CHECK_EQ(WEXITSTATUS(result.status), 1);
}

TEST_CASE("pipes with the numbers 0, 1 or 2 become the right descriptors of "
          "the child") {
  // A daemon may start without standard descriptors. Its first pipes get these
  // numbers.
  io::unique_fd saved(::fcntl(0, F_DUPFD_CLOEXEC, 10));
  test::pipe_ends out;
  ::dup2(out.writing.get(), 0);
  io::unique_fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  auto spawned =
      io::spawn({"/bin/echo", {"echo", "here"}, {}, null.get(), 0, 0});
  out.writing.reset();
  ::dup2(saved.get(), 0);
  CHECK_EQ(test::read_all(out.reading), "here\n");
  REQUIRE_EQ(spawned.error, 0);
  ::waitpid(spawned.pid, nullptr, 0);
}

TEST_CASE(
    "a program that cannot be executed gives an errno and leaves no child") {
  auto descriptors = test::open_descriptors();
  CHECK_EQ(run({"/nonexistent/program"}).spawned.error, ENOENT);
  CHECK_EQ(run({"/etc/passwd"}).spawned.error, EACCES);
  CHECK_EQ(run({"/nonexistent/program"}).spawned.pid, -1);
  CHECK(test::no_children());
  CHECK_EQ(test::open_descriptors(), descriptors);
}

TEST_CASE("the pidfd belongs to the child and has CLOEXEC") {
  auto result = run({"/bin/true"});
  REQUIRE(result.spawned.pidfd);
  CHECK((::fcntl(result.spawned.pidfd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  std::ifstream info("/proc/self/fdinfo/"
                     + std::to_string(result.spawned.pidfd.get()));
  std::string text(std::istreambuf_iterator<char>(info), {});
  CHECK_NE(text.find("Pid:"), std::string::npos);
}

TEST_CASE("a child gets the descriptor limit from before it was raised") {
  struct rlimit limit {};
  REQUIRE_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  auto hard = limit.rlim_max;
  REQUIRE_GT(hard, 321);
  limit.rlim_cur = 321;
  REQUIRE_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  REQUIRE(io::raise_descriptor_limit());
  REQUIRE_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  CHECK_EQ(limit.rlim_cur, hard);
  CHECK_EQ(run({"/bin/sh", "-c", "ulimit -Sn"}).out, "321\n");
  REQUIRE_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  CHECK_EQ(limit.rlim_cur, hard); // the parent's limit is unchanged
}

} // namespace spawn_tests
