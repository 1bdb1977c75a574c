// `--on-block hold`: connections that wait for their verdict.
#include "test/end_to_end/guard/guard_world.hpp"
#include "test/services/client/listener.hpp"
#include "test/support/net/raw_socket.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <future>
#include <poll.h>
#include <string>

namespace guard_hold_tests {

using namespace clearance::test;

namespace {

const std::string refused = "Connection refused";
const std::string v4 = "203.0.113.7";
const std::string v6 = "2001:db8:1::7";

// Reads lines of a reader until one has `what`.
void await_line(raw_socket& reader, std::string& text,
                const std::string& what) {
  deadline guard;
  while (text.find(what) == std::string::npos) {
    guard.await(reader.fd(), POLLIN, what);
    REQUIRE(reader.read_some(text));
  }
}

} // namespace

TEST_CASE("a connection waits while a hub is there, and a verdict ends that") {
  guard_world world;
  if (!world.missing().empty()) {
    skipped(world.missing());
    return;
  }
  const auto path = world.runtime() + "/hub.sock";
  auto guard = world.attach({"--hub", path, "--on-block", "hold"});
  CHECK(world.ask("tcp " + v4) == refused); // no hub: nobody could answer
  {
    const listener hub(path);
    auto reader = hub.await_connection();
    guard.await_err("blocked connections wait for verdicts");
    std::string text;
    for (const auto& to : {v4, v6}) {
      CAPTURE(to);
      auto answer = std::async(std::launch::async,
                               [&world, to] { return world.ask("tcp " + to); });
      // Of one target only one packet in a second is told.
      await_line(reader, text, "\"dest\":\"" + to + '"');
      CHECK(world.run({"allow", "c1", to}).code == 0);
      CHECK(answer.get() == "connected");
    }
    // A deny refuses what waits.
    const std::string denied = "203.0.113.8";
    auto answer = std::async(std::launch::async, [&world, denied] {
      return world.ask("tcp " + denied);
    });
    await_line(reader, text, "\"dest\":\"" + denied + '"');
    CHECK(world.run({"deny", "c1", denied}).code == 0);
    CHECK(answer.get() == refused);
    // A datagram passes for its sender, and goes nowhere.
    if (guard.err().find("only TCP connections wait") == std::string::npos) {
      CHECK(world.ask("udp 203.0.113.9") == "sent");
      await_line(reader, text, "\"dest\":\"203.0.113.9\"");
      const auto rules = world.run({"rules", "c1"}).out;
      CHECK(rules.find("counter packets 1 ") != std::string::npos);
    }
  }
  guard.await_err("no hub is connected: blocked connections are refused");
  CHECK(world.ask("tcp 203.0.113.10") == refused);
}

TEST_CASE("a command of run waits for its verdict, and sees no failure") {
  const guard_world world{guard_world::user::plain};
  if (!world.missing().empty()) {
    skipped(world.missing());
    return;
  }
  const auto path = world.runtime() + "/hub.sock";
  const listener hub(path);
  world.give(path);
  auto run = world.start({"run", "--name", "c9", "--private",
                          std::to_string(world.internet()), "--hub", path,
                          "--on-block", "hold", "--",
                          world.program("guard-probe"), "tcp", v4});
  auto reader = hub.await_connection();
  std::string text;
  await_line(reader, text, "\"dest\":\"" + v4 + '"');
  CHECK(world.run({"allow", "c9", v4}).code == 0);
  CHECK(run.wait() == exited(0));
  CHECK(run.out() == v4 + ": connected\n");
}

TEST_CASE("a guard that is killed lets nothing wait") {
  guard_world world;
  if (!world.missing().empty()) {
    skipped(world.missing());
    return;
  }
  auto guard = world.attach({"--emit", "json", "--on-block", "hold"});
  guard.await_err("blocked connections wait for verdicts");
  guard.kill(SIGKILL);
  guard.wait();
  deadline refusing;
  while (world.run({"rules", "c1"}).out.find("chain answer {\n\t\tgoto refuse")
         == std::string::npos)
    refusing.pace("the end of the wait");
  CHECK(world.ask("tcp " + v4) == refused);
}

} // namespace guard_hold_tests
