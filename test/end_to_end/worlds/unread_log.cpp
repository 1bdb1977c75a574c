// Nobody reads stderr: it is a full pipe, a terminal that Ctrl-S has stopped,
// or a logger that hangs. The programs serve nevertheless, end on SIGTERM, and
// report later how many lines were lost.

#include "test/end_to_end/world/deployment.hpp"
#include "test/end_to_end/world/supervision.hpp"
#include "test/support/process/full_pipe.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <array>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <vector>

namespace unread_log_tests {

using namespace clearance::test;

namespace {

/// Sends 300 malformed lines and 85 verdicts. All verdicts are answered.
void use(hub& server, varlink_client& watcher) {
  std::string bad;
  for (int i = 0; i < 300; ++i)
    bad += "bad\n";
  server.emit(bad);
  auto caller = server.client();
  for (int i = 0; i < 85; ++i) {
    server.emit(block{}.line());
    REQUIRE(watcher.next_event() == block{}.event());
    REQUIRE(caller.verdict("c1", "c1:1", "203.0.113.7", "allow")
            == success(R"({"ok":true})"));
    REQUIRE(watcher.next_event().type == "verdict_applied");
  }
}

/// Returns when the process has taken the pending `signal`.
void await_taken(pid_t pid, int signal) {
  const deadline guard;
  const auto bit = 1ULL << (signal - 1);
  while ((std::stoull(status_of(pid, "ShdPnd"), nullptr, 16) & bit) != 0)
    guard.pace("a signal that is taken");
}

} // namespace

TEST_CASE("a hub whose log nobody reads serves, and ends on a signal") {
  const runtime where;
  const fake_shield shield;
  full_pipe log;
  hub_options options;
  options.shield = shield.program();
  options.process.argv = log.before(terok_clearance());
  hub server{where, std::move(options)};
  auto watcher = server.subscriber();
  use(server, watcher);
  SUBCASE("SIGTERM") {
    server.process().kill(SIGTERM);
  }
  SUBCASE("SIGINT") {
    server.process().kill(SIGINT);
  }
  CHECK(server.process().wait() == exited(0));
  CHECK_FALSE(std::filesystem::exists(where.clearance()));
}

TEST_CASE("lines that waited are written when somebody reads the log") {
  const runtime where;
  const fake_shield shield;
  full_pipe log;
  hub_options options;
  options.shield = shield.program();
  options.process.argv = log.before(terok_clearance());
  hub server{where, std::move(options)};
  auto watcher = server.subscriber();
  use(server, watcher);
  log.await("verdict applied", 85);
  CHECK(log.seen().find("were lost") == std::string::npos);
  CHECK(server.stop() == exited(0));
}

TEST_CASE("lines for which there is no room are lost and counted") {
  const runtime where;
  full_pipe log;
  hub_options options;
  options.process.argv = log.before(terok_clearance());
  hub server{where, std::move(options)};
  // Counters have a log line for each subscriber, so many subscribers make many
  // lines.
  std::vector<varlink_client> crowd;
  for (int i = 0; i < 100; ++i)
    crowd.push_back(server.subscriber());
  for (int i = 0; i < 60; ++i) {
    server.process().kill(SIGUSR1);
    await_taken(server.pid(), SIGUSR1);
  }
  CHECK(server.client().call("org.varlink.service.GetInfo").error == "");
  log.await("log: nobody read the log for a while, lines were lost lines=");
  CHECK(server.stop() == exited(0));
}

TEST_CASE(
    "a helper whose log nobody reads executes verdicts, and ends on a signal") {
  const runtime where;
  const fake_shield shield;
  full_pipe log;
  auto options = serve_verdict(where, shield.program());
  auto helper = start(log(std::move(options)), {where.verdict()});
  hub server{where};
  auto watcher = server.subscriber();
  use(server, watcher);
  helper.kill(SIGTERM);
  CHECK(helper.wait() == exited(0));
}

TEST_CASE("a gate whose log nobody reads answers, and ends on a signal") {
  const gate_world world;
  world.seed();
  full_pipe log;
  auto options = gate_on_socket(world);
  auto server = start(log(std::move(options)), {world.socket()});
  for (int i = 0; i < 3; ++i) {
    http_client client{raw_socket{world.socket()}};
    REQUIRE(client
                .call(http_request("GET",
                                   "/r.git/info/refs?service=git-upload-pack",
                                   {authorization("wrong")}))
                .status
            == 403);
  }
  server.kill(SIGTERM);
  CHECK(server.wait() == exited(0));
}

TEST_CASE("a supervisor whose log nobody reads serves every container") {
  const container_world world;
  const fake_shield shield;
  const container one{"one", "111111111111aaaa", {}};
  const container two{"two", "222222222222bbbb", {}};
  world.add(one);
  world.add(two);
  full_pipe log;
  auto options = world.supervisor(
      {"run", "--sidecar-dir", world.sidecars(), "--shield", shield.program()});
  auto process =
      start(log(std::move(options)), {world.clearance(one), world.reader(one),
                                      world.clearance(two), world.reader(two)});
  raw_socket noisy{world.reader(one)};
  for (int i = 0; i < 300; ++i)
    noisy.send("bad\n");
  varlink_client watcher{world.clearance(two)};
  watcher.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  watcher.socket().await_taken();
  raw_socket{world.reader(two)}.send(block_of(two).line());
  CHECK(watcher.next_event() == block_of(two).event());
  process.kill(SIGTERM);
  CHECK(process.wait() == exited(0));
}

TEST_CASE("a program that cannot start ends also if nobody reads its log") {
  const runtime where;
  std::filesystem::create_directory(where.directory());
  std::filesystem::permissions(where.directory(), std::filesystem::perms{0755});
  full_pipe log;
  auto options = serve(where);
  child process{log(std::move(options))};
  CHECK(process.wait() == exited(1));
}

TEST_CASE("a program that may not start threads ends") {
  if (::getuid() == 0 && !std::filesystem::exists("/usr/bin/setpriv")) {
    skipped("needs setpriv, because root is denied no thread");
    return;
  }
  const runtime where;
  auto program = terok_clearance();
  std::vector<std::string> words;
  if (::getuid() == 0) {
    // A copy, because the build directory may be closed to others.
    constexpr uid_t somebody = 65534;
    const auto copy = where.dir / "terok-clearance";
    std::filesystem::copy_file(program, copy);
    program = copy;
    REQUIRE(::chown(where.dir.path().c_str(), somebody, somebody) == 0);
    const auto uid = std::to_string(somebody);
    words = {"/usr/bin/setpriv", "--reuid", uid,
             "--regid",          uid,       "--clear-groups"};
  }
  words.insert(words.end(),
               {"/usr/bin/prlimit", "--nproc=0", program, "serve", "--audit",
                "none", "--clearance-socket", where.clearance(),
                "--reader-socket", where.reader()});
  child_options options;
  options.argv = words;
  SUBCASE("stderr is read") {
    child process{options};
    CHECK(process.wait() == exited(1));
    CHECK(process.err().starts_with("terok-clearance: cannot start threads: "));
  }
  SUBCASE("nobody reads stderr") {
    const full_pipe log;
    child process{log(options)};
    CHECK(process.wait() == exited(1));
  }
}

TEST_CASE("a hub whose terminal is stopped serves, and ends when told to") {
  const unique_fd outside{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  REQUIRE(outside);
  REQUIRE(::grantpt(outside.get()) == 0);
  REQUIRE(::unlockpt(outside.get()) == 0);
  std::array<char, 64> name{};
  REQUIRE(::ptsname_r(outside.get(), name.data(), name.size()) == 0);
  const unique_fd inside{::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
  REQUIRE(inside);
  REQUIRE(::tcflow(inside.get(), TCOOFF) == 0); // as Ctrl-S does
  const runtime where;
  const fake_shield shield;
  hub_options options;
  options.shield = shield.program();
  options.process.argv = with_stderr(name.data(), terok_clearance());
  hub server{where, std::move(options)};
  auto watcher = server.subscriber();
  use(server, watcher);
  CHECK(server.stop() == exited(0));
}

TEST_CASE("a stderr that is closed or full stops nothing") {
  const runtime where;
  const fake_shield shield;
  hub_options options;
  options.shield = shield.program();
  const auto pipe = where.dir / "pipe";
  unique_fd other_end;
  SUBCASE("stderr is a pipe without a reader") {
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    other_end =
        unique_fd{::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    options.process.argv = with_stderr(pipe, terok_clearance());
  }
  SUBCASE("the disk is full") {
    options.process.argv = with_stderr("/dev/full", terok_clearance());
  }
  hub server{where, std::move(options)};
  other_end.reset();
  auto watcher = server.subscriber();
  use(server, watcher);
  CHECK(server.stop() == exited(0));
}

} // namespace unread_log_tests
