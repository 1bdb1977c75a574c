// A terminal in copy mode, or after Ctrl-S: nobody drains it.
#include "test/services/client/client_program.hpp"

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sys/syscall.h>
#include <unistd.h>

namespace stalled_terminal_tests {

using namespace clearance::test;

namespace {

/// A terminal whose other end is never read.
struct stalled_terminal {
  stalled_terminal()
      : other_end(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    std::array<char, 64> name{};
    REQUIRE(other_end);
    REQUIRE(::grantpt(other_end.get()) == 0);
    REQUIRE(::unlockpt(other_end.get()) == 0);
    REQUIRE(::ptsname_r(other_end.get(), name.data(), name.size()) == 0);
    path = name.data();
  }
  unique_fd other_end;
  std::string path;
};

/// Returns once the process waits in write(FD, ...).
void await_blocked_write(const child& program, int fd) {
  const auto call =
      std::to_string(SYS_write) + " 0x" + std::to_string(fd) + " ";
  const deadline guard;
  for (;;) {
    std::ifstream in{"/proc/" + std::to_string(program.pid()) + "/syscall"};
    std::string line;
    std::getline(in, line);
    if (line.starts_with(call))
      return;
    guard.pace("a write that blocks", {program.pidfd()});
  }
}

} // namespace

TEST_CASE("watch ends on a signal although nobody drains its terminal") {
  for (int signal : {SIGTERM, SIGINT}) {
    CAPTURE(signal);
    temp_dir run_directory;
    stalled_terminal terminal;
    listener hub{run_directory / "terok-clearance.sock"};
    auto watcher = run_script(run_directory,
                              "exec " + client + "watch > " + terminal.path);
    auto peer = await_subscriber(hub);
    const auto event = started_event("c");
    std::string events;
    while (events.size() < 64 * 1024)
      events += event;
    while (peer.send_some(events) == events.size()) {
      // More than socket and terminal hold together.
    }
    await_blocked_write(watcher, 1);
    watcher.kill(signal);
    CHECK(watcher.wait() == exited(0));
  }
}

TEST_CASE("watch ends on a signal although nobody drains its stderr") {
  temp_dir run_directory;
  stalled_terminal terminal;
  unique_fd writer{::open(terminal.path.c_str(),
                          O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
  REQUIRE(writer);
  while (::write(writer.get(), "x", 1) == 1) {
    // Until it is full.
  }
  listener hub{run_directory / "terok-clearance.sock"};
  auto watcher =
      run_script(run_directory, "exec " + client + "watch 2> " + terminal.path);
  auto peer = await_subscriber(hub);
  peer.send(started_event("c"));
  watcher.await_out("c"); // "following the hub" kept nobody waiting
  watcher.kill(SIGTERM);
  CHECK(watcher.wait() == exited(0));
}

} // namespace stalled_terminal_tests
