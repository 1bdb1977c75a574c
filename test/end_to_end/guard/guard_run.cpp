// `terok-guard run`: commands in containers that it makes, connected to the
// private "internet".
#include "test/end_to_end/guard/guard_world.hpp"
#include "test/services/client/listener.hpp"
#include "test/support/net/raw_socket.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace guard_run_tests {

using namespace clearance::test;

namespace {

const std::string refused = "Connection refused";
const std::string v4 = "203.0.113.7";
const std::string v6 = "2001:db8:1::7";

using words = std::vector<std::string>;

// A world, and how to run commands in it.
struct run_fixture {
  guard_world world{guard_world::user::plain};
  std::string hub = world.runtime() + "/hub.sock";

  bool stands() const {
    if (!world.missing().empty())
      skipped(world.missing());
    return world.missing().empty();
  }

  words line(const words& command, const words& options = {}) const {
    words x{"run", "--name", "c9", "--private",
            std::to_string(world.internet())};
    x.insert(x.end(), options.begin(), options.end());
    x.emplace_back("--");
    x.insert(x.end(), command.begin(), command.end());
    return x;
  }

  child start(const words& command, words options = {}) const {
    options.insert(options.end(), {"--hub", hub});
    return world.start(line(command, options));
  }

  words probe(const std::string& what, const std::string& to) const {
    return {world.program("guard-probe"), what, to};
  }

  words shell(const std::string& script) const {
    return {"/bin/sh", "-c", script};
  }
};

// What follows `key` in `text`, up to a space or the line's end.
std::string word_behind(const std::string& text, const std::string& key) {
  const auto at = text.find(key);
  REQUIRE(at != std::string::npos);
  const auto begin = at + key.size();
  return text.substr(begin, text.find_first_of(" \n", begin) - begin);
}

} // namespace

TEST_CASE("a run whose hub ends with another run starts its own") {
  const run_fixture x;
  if (!x.stands())
    return;
  // One namespace connects one container.
  const guard_world other{guard_world::user::plain};
  x.world.program("terok-clearance"); // is copied beside terok-guard
  const auto start = [&x](const guard_world& world, const std::string& name) {
    return world.start_program(
        "terok-guard",
        {"run", "--name", name, "--private", std::to_string(world.internet()),
         "--", world.program("guard-probe"), "retry", v4},
        {"/usr/bin/env", "XDG_RUNTIME_DIR=" + x.world.runtime()});
  };
  const std::string started = "no hub runs, so one was started";
  auto first = start(x.world, "c1");
  first.await_err("what runs is the container c1");
  CHECK(first.err().find(started) != std::string::npos);
  auto second = start(other, "c2");
  second.await_err("what runs is the container c2");
  CHECK(second.err().find(started) == std::string::npos);
  first.kill(SIGTERM);
  first.wait();
  second.await_err(started);
  second.kill(SIGTERM);
  second.wait();
}

TEST_CASE("thousands of addresses are open from the start") {
  const run_fixture x;
  if (!x.stands())
    return;
  words options;
  for (int i = 0; i < 3000; ++i)
    options.insert(options.end(),
                   {"--open", "10.1." + std::to_string(i / 250) + '.'
                                  + std::to_string(i % 250)});
  options.insert(options.end(), {"--open", v4});
  auto run = x.start(x.probe("tcp", v4), options);
  CHECK(run.wait() == exited(0));
  CHECK(run.out() == v4 + ": connected\n");
}

TEST_CASE("a command connects to nothing until a verdict allows it") {
  const run_fixture x;
  if (!x.stands())
    return;
  const listener hub(x.hub);
  x.world.give(x.hub);
  for (const auto& to : {v4, v6}) {
    CAPTURE(to);
    auto run = x.start(x.probe("retry", to), {"--dossier", "task=t7"});
    auto reader = hub.await_connection();
    run.await_out(to + ": " + refused);
    std::string text;
    const std::string block = R"("dest":")" + to
                              + R"(","port":443,"proto":6,)"
                                R"("dossier":{"task":"t7"}})";
    deadline guard;
    while (text.find(block) == std::string::npos) {
      guard.await(reader.fd(), POLLIN, block);
      REQUIRE(reader.read_some(text));
    }
    CHECK(text.starts_with(R"({"type":"container_started","container":"c9")"));
    const auto allowed = x.world.run({"allow", "c9", to});
    CHECK(allowed.err == "");
    CHECK(run.wait() == exited(0));
    CHECK(run.out() == to + ": " + refused + '\n' + to + ": connected\n");
    CHECK(reader.read_to_end().ends_with(
        R"({"type":"container_exited","container":"c9",)"
        R"("reason":"poststop","dossier":{"task":"t7"}})"
        "\n"));
    CHECK(x.world.run({"list"}).out == "");
  }
}

TEST_CASE("what is opened from the start is open") {
  const run_fixture x;
  if (!x.stands())
    return;
  auto run = x.start(x.probe("tcp", v4), {"--open", v4});
  CHECK(run.wait() == exited(0));
  CHECK(run.out() == v4 + ": connected\n");
  auto network = x.start(x.probe("tcp", v6), {"--open", "2001:db8:1::/64"});
  CHECK(network.wait() == exited(0));
  CHECK(network.out() == v6 + ": connected\n");
  auto other = x.start(x.probe("tcp", "203.0.113.8"), {"--open", v4});
  CHECK(other.wait() == exited(0));
  CHECK(other.out() == "203.0.113.8: " + refused + '\n');
}

TEST_CASE("the exit code is the command's") {
  const run_fixture x;
  if (!x.stands())
    return;
  CHECK(x.start(x.shell("exit 7")).wait() == exited(7));
  CHECK(x.start(x.shell("kill -KILL $$")).wait() == exited(128 + SIGKILL));
  // The guard itself ignores this one.
  CHECK(x.start(x.shell("kill -XFSZ $$")).wait() == exited(128 + SIGXFSZ));
  auto missing = x.start({"no-such-program"});
  CHECK(missing.wait() == exited(127));
  CHECK(missing.err().find("cannot execute no-such-program: No such file")
        != std::string::npos);
  CHECK(x.start({"/etc/passwd"}).wait() == exited(126));
}

TEST_CASE("a command's end is the end of what it has started") {
  const run_fixture x;
  if (!x.stands())
    return;
  // The pipe is closed when nobody is left who could write to it.
  auto run = x.start(x.shell("sleep 1000 & exit 3"));
  CHECK(run.wait() == exited(3));
}

TEST_CASE("signals reach the command, and it decides") {
  const run_fixture x;
  if (!x.stands())
    return;
  for (const auto& [signal, name] :
       {std::pair{SIGTERM, "TERM"}, std::pair{SIGHUP, "HUP"},
        std::pair{SIGINT, "INT"}, std::pair{SIGUSR1, "USR1"}}) {
    CAPTURE(std::string{name});
    const std::string trap = std::string{"trap 'echo got; exit 9' "} + name;
    auto run = x.start(
        x.shell(trap + "; echo ready; while :; do sleep 1000 & wait; done"));
    run.await_out("ready");
    run.kill(signal);
    CHECK(run.wait() == exited(9));
    CHECK(run.out() == "ready\ngot\n");
  }
  auto run = x.start(x.shell("echo ready; exec sleep 1000"));
  run.await_out("ready");
  run.kill(SIGTERM);
  CHECK(run.wait() == exited(128 + SIGTERM));
}

TEST_CASE("a command that signals its process group reaches nobody outside") {
  const run_fixture x;
  if (!x.stands())
    return;
  // In a session without a terminal the group is the command's own.
  auto alone = x.world.start_program(
      "terok-guard", x.line(x.shell("kill -KILL 0"), {"--hub", x.hub}),
      {"/usr/bin/setsid", "--wait"});
  CHECK(alone.wait() == exited(128 + SIGKILL));
}

TEST_CASE("a guard that is killed takes the command with it") {
  const run_fixture x;
  if (!x.stands())
    return;
  auto run = x.start(x.shell("echo ready; exec sleep 1000"));
  run.await_out("ready");
  const auto first = std::stoi(word_behind(x.world.run({"list"}).out, " pid "));
  const unique_fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, first, 0))};
  REQUIRE(pidfd);
  run.kill(SIGKILL);
  deadline{}.await(pidfd.get(), POLLIN, "the end of the first process");
  // The name is free again.
  auto next = x.start(x.shell("exit 5"));
  CHECK(next.wait() == exited(5));
  CHECK(next.err().find("guarded already") == std::string::npos);
}

TEST_CASE("two containers have two names, and a neighbour is used by one") {
  const run_fixture x;
  if (!x.stands())
    return;
  auto run = x.start(x.shell("echo ready; exec sleep 1000"));
  run.await_out("ready");
  auto same = x.start({"/bin/true"});
  CHECK(same.wait() == exited(125));
  CHECK(same.err().find("the container c9 is guarded already")
        != std::string::npos);
  auto other = x.world.start({"run", "--name", "c10", "--private",
                              std::to_string(x.world.internet()), "--hub",
                              x.hub, "--", "/bin/true"});
  CHECK(other.wait() == exited(125));
  CHECK(other.err().find("another container is connected to this namespace")
        != std::string::npos);
  CHECK(x.world.run({"list"}).out.find("c10") == std::string::npos);
}

TEST_CASE("a whole id names its container, also if it begins another one") {
  const run_fixture x;
  if (!x.stands())
    return;
  guard_world other{guard_world::user::plain};
  auto start = [&](const std::string& name, pid_t neighbour) {
    auto run = x.world.start({"run", "--name", name, "--private",
                              std::to_string(neighbour), "--hub", x.hub, "--",
                              "/bin/sh", "-c", "echo ready; exec sleep 1000"});
    run.await_out("ready");
    return run;
  };
  const auto shorter = start("aaaaaaaaaaaa", x.world.internet());
  const auto longer = start("aaaaaaaaaaaa2", other.internet());
  CHECK(x.world.run({"allow", "aaaaaaaaaaaa", v4}).err == "");
  CHECK(x.world.run({"list"}).out.find("aaaaaaaaaaaa2") != std::string::npos);
}

TEST_CASE("where user namespaces are forbidden nothing runs") {
  const run_fixture x;
  if (!x.stands())
    return;
  auto run = x.world.start_program(
      "terok-guard", {"run", "--hub", x.hub, "--open", v4, "--", "/bin/true"},
      {"/usr/bin/unshare", "-Ur", "/bin/sh", "-c",
       "echo 0 >/proc/sys/user/max_user_namespaces; exec \"$0\" \"$@\""});
  CHECK(run.wait() == exited(125));
  CHECK(run.err().find("user.max_user_namespaces") != std::string::npos);
}

TEST_CASE("a hub in the home directory does not hide it") {
  const run_fixture x;
  if (!x.stands())
    return;
  const auto home = x.world.runtime() + "/home";
  const auto inside = [&](const std::string& settings) {
    auto run = x.world.start_program(
        "terok-guard",
        x.line({"/bin/sh", "-c", "ls " + home}, {"--hub", home + "/h.sock"}),
        {"/bin/sh", "-c",
         "umask 077; mkdir -p " + x.world.runtime() + "/rt " + home
             + " && touch " + home + "/file && " + settings
             + " exec \"$0\" \"$@\""});
    CHECK(run.wait() == exited(0));
    return run.out();
  };
  // All of the runtime directory is hidden, so another one is named.
  const auto other = "XDG_RUNTIME_DIR=" + x.world.runtime() + "/rt";
  CHECK(inside(other + " HOME=" + home) == "file\n");
  CHECK(inside(other + " HOME=/") == "");
}

TEST_CASE("without pasta nothing runs, and the line says what to install") {
  const run_fixture x;
  if (!x.stands())
    return;
  auto run = x.world.start_program("terok-guard",
                                   {"run", "--hub", x.hub, "--", "/bin/true"},
                                   {"/usr/bin/env", "PATH=/nowhere"});
  CHECK(run.wait() == exited(125));
  CHECK(run.err().ends_with(
      "terok-guard: pasta is not there: install the package passt, or connect"
      " COMMAND to a namespace of yours (--private)\n"));
}

TEST_CASE(
    "a program that a command can replace is named, or another one taken") {
  const run_fixture x;
  if (!x.stands())
    return;
  // As a user installs programs below his home directory.
  const auto bin = x.world.runtime() + "/bin";
  const auto own = bin + "/terok-guard";
  const auto start = [&](words line) {
    return x.world.start_program(
        "terok-guard", std::move(line),
        {"/bin/sh", "-c",
         "mkdir -p " + bin + " && cp \"$0\" " + own + " && printf '"
             + "#!/bin/sh\\necho own pasta >&2; exit 1\\n' >" + bin
             + "/pasta && chmod 700 " + bin + "/pasta && PATH=" + bin
             + ":/usr/bin exec " + own + " \"$@\""});
  };
  auto run = start(x.line({"/bin/true"}, {"--hub", x.hub}));
  CHECK(run.wait() == exited(0));
  CHECK(run.err().find("can replace " + own) != std::string::npos);
  auto connected = start({"run", "--hub", x.hub, "--", "/bin/true"});
  connected.wait();
  if (std::filesystem::exists("/usr/bin/pasta"))
    CHECK(connected.err().find("own pasta") == std::string::npos);
}

TEST_CASE("pasta connects a container to the outside") {
  const run_fixture x;
  if (!x.stands())
    return;
  guard_world own;
  auto run = own.start({"run", "--hub", own.runtime() + "/hub.sock", "--",
                        "/bin/cat", "/proc/net/route"});
  const auto end = run.wait();
  if (run.err().find("pasta") != std::string::npos)
    return skipped("pasta: " + run.err());
  CHECK(end == exited(0));
  CHECK(run.out().find("\t00000000\t") != std::string::npos); // default route
}

TEST_CASE("a hub is started when there is none, and its clients answer") {
  const run_fixture x;
  if (!x.stands())
    return;
  x.world.program("terok-clearance"); // is copied beside terok-guard
  // The guard ends its hub when the command ends, perhaps before the hub has
  // answered the verdict that let the command go on.
  auto run = x.world.start(x.line(x.shell(
      x.world.program("guard-probe") + " retry " + v4 + "; exec sleep 1000")));
  run.await_err("terok-clearance watch");
  run.await_out(v4 + ": " + refused);
  auto watch = x.world.start_program("terok-clearance", {"watch"});
  // What was blocked before a client came is told to it, too.
  watch.await_out("terok-clearance verdict ");
  auto answer = word_behind(watch.out(), "terok-clearance verdict ");
  auto verdict = x.world.start_program(
      "terok-clearance", {"verdict", answer, v4, "allow", "--container", "c9"});
  CHECK(verdict.wait() == exited(0));
  run.await_out(v4 + ": connected\n");
  run.kill(SIGTERM);
  CHECK(run.wait() == exited(128 + SIGTERM));
}

namespace {

// A terminal of the test's own, and the guard in its foreground.
struct terminal_fixture {
  unique_fd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};

  std::string name() const {
    ::grantpt(master.get());
    ::unlockpt(master.get());
    return ::ptsname(master.get()); // NOLINT(concurrency-mt-unsafe)
  }

  void await(const std::string& what) {
    deadline guard;
    std::string text;
    while (text.find(what) == std::string::npos) {
      guard.await(master.get(), POLLIN, what);
      char bytes[256];
      const auto n = ::read(master.get(), bytes, sizeof bytes);
      REQUIRE(n > 0);
      text.append(bytes, static_cast<std::size_t>(n));
    }
  }
};

} // namespace

TEST_CASE("the terminal is the command's: Ctrl-C ends it, once") {
  const run_fixture x;
  if (!x.stands())
    return;
  terminal_fixture terminal;
  REQUIRE(terminal.master);
  const auto name = terminal.name();
  x.world.give(name);
  // setsid -c makes it the controlling terminal.
  auto run = x.world.start_program(
      "terok-guard",
      x.line(x.shell("trap 'echo got; exit 9' INT; tty; echo ready;"
                     " while :; do sleep 1000 & wait; done"),
             {"--hub", x.hub}),
      {"/usr/bin/setsid", "--wait", "/bin/sh", "-c",
       "exec <" + name + " >" + name + " 2>&1; exec \"$0\" \"$@\""});
  terminal.await("ready");
  REQUIRE(::write(terminal.master.get(), "\3", 1) == 1);
  terminal.await("got");
  CHECK(run.wait() == exited(9));
}

TEST_CASE("a script that has a terminal is not reached by kill(0) either") {
  const run_fixture x;
  if (!x.stands())
    return;
  terminal_fixture terminal;
  REQUIRE(terminal.master);
  const auto name = terminal.name();
  x.world.give(name);
  auto script = x.world.start_program(
      "terok-guard",
      x.line(x.shell("kill -KILL 0 || echo denied"), {"--hub", x.hub}),
      {"/usr/bin/setsid", "--wait", "/bin/sh", "-c",
       "exec <" + name + " >" + name
           + " 2>&1; \"$0\" \"$@\"; echo the script goes on"});
  terminal.await("denied");
  terminal.await("the script goes on");
  CHECK(script.wait() == exited(0));
}

TEST_CASE("a command is a job: Ctrl-Z stops it, fg gives it the terminal") {
  const run_fixture x;
  if (!x.stands())
    return;
  if (::access("/bin/bash", X_OK) != 0)
    return skipped("bash is not installed");
  terminal_fixture terminal;
  REQUIRE(terminal.master);
  const auto name = terminal.name();
  x.world.give(name);
  auto shell = x.world.start_program(
      "terok-guard",
      x.line(x.shell("echo re''ady; read x; echo \"got $x\"; exit 9"),
             {"--hub", x.hub}),
      {"/usr/bin/setsid", "--wait", "/bin/sh", "-c",
       "exec <" + name + " >" + name
           + " 2>&1; exec /bin/bash --norc -m -c '\"$0\" \"$@\"; echo "
             "sto''pped with $?; fg >/dev/null; echo ended with $?; read y; "
             "echo \"and $y\"' \"$0\" \"$@\""});
  terminal.await("ready");
  REQUIRE(::write(terminal.master.get(), "\x1a", 1) == 1);
  terminal.await("stopped with 148"); // 128 and SIGTSTP
  REQUIRE(::write(terminal.master.get(), "one\n", 4) == 4);
  terminal.await("got one");
  terminal.await("ended with 9");
  REQUIRE(::write(terminal.master.get(), "two\n", 4) == 4);
  terminal.await("and two");
  CHECK(shell.wait() == exited(0));
}

} // namespace guard_run_tests
