// Real connections in private namespaces, refused and opened by terok-guard.
// What needs user namespaces, veth or the program ip says that it was skipped
// where they are missing.
#include "test/end_to_end/guard/guard_world.hpp"
#include "test/services/client/listener.hpp"
#include "test/support/net/raw_socket.hpp"
#include "test/support/process/full_pipe.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <poll.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace guard_attach_tests {

using namespace clearance::test;

namespace {

const std::string refused = "Connection refused";
const std::string v4 = "203.0.113.7";
const std::string v6 = "2001:db8:1::7";

using words_of_run = std::vector<std::string>;

// The world, unless the test is to be skipped.
bool stands(const guard_world& world) {
  if (world.missing().empty())
    return true;
  skipped(world.missing());
  return false;
}

std::string block_of(const std::string& dest) {
  return R"("dest":")" + dest + '"';
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t result = 0;
  for (auto at = text.find(what); at != std::string::npos;
       at = text.find(what, at + 1))
    ++result;
  return result;
}

} // namespace

TEST_CASE("a connection is refused and told, and accepted after a verdict") {
  guard_world world;
  if (!stands(world))
    return;
  for (const auto& to : {v4, v6})
    CHECK(world.ask("tcp " + to) == "connected"); // nobody guards yet
  auto guard = world.attach();
  guard.await_out(R"({"type":"container_started","container":"c1"})");
  for (const auto& to : {v4, v6}) {
    CAPTURE(to);
    CHECK(world.ask("tcp " + to) == refused);
    guard.await_out(block_of(to) + R"(,"port":443,"proto":6})");
    const auto allowed = world.run({"allow", "c1", to});
    CHECK(allowed.err == "");
    CHECK(allowed.code == 0);
    CHECK(world.ask("tcp " + to) == "connected");
    CHECK(world.run({"deny", "c1", to}).code == 0);
    CHECK(world.ask("tcp " + to) == refused);
  }
  // What was told is not told again, and a deny tells nobody.
  CHECK(count(guard.out(), "connection_blocked") == 2);
}

TEST_CASE("blocks are told although nobody reads the guard's stderr") {
  guard_world world;
  if (!stands(world))
    return;
  const full_pipe pipe;
  auto before = pipe.before("");
  before.pop_back();
  auto guard =
      world.start_program("terok-guard",
                          {"attach", "--pid", std::to_string(world.container()),
                           "--container", "c1", "--emit", "json"},
                          before);
  guard.await_out(R"({"type":"container_started","container":"c1"})");
  CHECK(world.ask("tcp " + v4) == refused);
  guard.await_out(block_of(v4));
  guard.kill(SIGTERM);
  CHECK(guard.wait() == exited(0));
}

TEST_CASE("a deny ends an open connection") {
  guard_world world;
  if (!stands(world))
    return;
  auto guard = world.attach();
  CHECK(world.run({"allow", "c1", v4}).code == 0);
  CHECK(world.ask("open " + v4) == "connected");
  CHECK(world.ask("say") == "echoed");
  CHECK(world.run({"deny", "c1", v4}).code == 0);
  CHECK(world.ask("say") == "Connection reset by peer");
}

TEST_CASE("networks, and addresses in them, are allowed and denied") {
  guard_world world;
  if (!stands(world))
    return;
  auto guard = world.attach();
  CHECK(world.run({"allow", "c1", "203.0.113.0/24"}).code == 0);
  CHECK(world.ask("tcp 203.0.113.9") == "connected");
  CHECK(world.run({"deny", "c1", v4}).code == 0);
  CHECK(world.ask("tcp " + v4) == refused);
  CHECK(world.run({"deny", "c1", "203.0.113.0/24"}).code == 0);
  CHECK(world.ask("tcp 203.0.113.9") == refused);
  CHECK(world.run({"allow", "c1", "203.0.113.9"}).code == 0);
  CHECK(world.ask("tcp 203.0.113.9") == "connected");
  CHECK(world.run({"allow", "c1", "2001:db8:1::/64"}).code == 0);
  CHECK(world.ask("tcp " + v6) == "connected");
}

TEST_CASE("a verdict with a time is the kernel's to forget") {
  guard_world world;
  if (!stands(world))
    return;
  auto guard = world.attach();
  CHECK(world.run({"allow", "c1", v4, "--for", "3000"}).code == 0);
  CHECK(world.ask("tcp " + v4) == "connected");
  const auto rules = world.run({"rules", "c1"});
  CHECK(rules.code == 0);
  CHECK(rules.out.find(v4 + " timeout 50m expires") != std::string::npos);
  CHECK(world.run({"list"}).out.find("allowed 0 denied 0")
        != std::string::npos);
  // Then for ever: the limit is gone.
  CHECK(world.run({"allow", "c1", v4}).code == 0);
  CHECK(world.run({"rules", "c1"}).out.find("expires") == std::string::npos);
  CHECK(world.run({"allow", "c1", "10.0.0.0/8", "--for", "9"}).err
        == "terok-guard: --for is for an address or a name, not for a "
           "network\n");
}

TEST_CASE("a firewall that is down lets pass what was not denied") {
  guard_world world;
  if (!stands(world))
    return;
  auto guard = world.attach();
  CHECK(world.run({"deny", "c1", v4}).code == 0);
  CHECK(world.run({"down", "c1"}).code == 0);
  CHECK(world.ask("tcp " + v4) == refused);
  CHECK(world.ask("tcp " + v6) == "connected");
  CHECK(world.run({"list"}).out.find(" down ") != std::string::npos);
  CHECK(world.run({"up", "c1"}).code == 0);
  CHECK(world.ask("tcp " + v6) == refused);
}

TEST_CASE("UDP is blocked and told, too") {
  guard_world world;
  if (!stands(world))
    return;
  auto guard = world.attach();
  world.ask("udp " + v4);
  guard.await_out(block_of(v4) + R"(,"port":443,"proto":17})");
}

TEST_CASE("packets that go past the rules do not leave") {
  guard_world world;
  if (!stands(world))
    return;
  // Processes of the container that have every capability over its network.
  const auto inside = [&](const char* program, words_of_run words) {
    return world.start_program(
        program, std::move(words),
        {"/usr/bin/nsenter",
         "--user=/proc/" + std::to_string(world.internet()) + "/ns/user",
         "--net=/proc/" + std::to_string(world.container()) + "/ns/net",
         "--preserve-credentials"});
  };
  const auto packets = [&] {
    auto probe = inside("guard-probe", {"packets", "eth0"});
    CHECK(probe.wait() == exited(0));
    return probe.out();
  };
  CHECK(packets() == "sent\nsent\n");
  auto powerful = inside("guard-probe", {"wait"});
  powerful.await_out("ready");
  words_of_run attach{"attach",      "--pid", std::to_string(powerful.pid()),
                      "--container", "c1",    "--emit",
                      "json"};
  CHECK(world.run(attach).err.find("can have CAP_NET_ADMIN, CAP_NET_RAW")
        != std::string::npos);
  attach.emplace_back("--unsafe");
  auto guard = world.start(attach);
  guard.await_err("guarding the container c1");
  const std::string dropped = "No buffer space available\n";
  CHECK(packets() == dropped + dropped);
  for (const auto& to : {v4, v6}) {
    CHECK(world.ask("tcp " + to) == refused);
    CHECK(world.run({"allow", "c1", to}).code == 0);
    CHECK(world.ask("tcp " + to) == "connected");
  }
}

TEST_CASE("blocks that nobody is told of are not lost silently") {
  guard_world world;
  if (!stands(world))
    return;
  auto guard = world.attach();
  world.ask("spread");
  guard.await_err("more targets were blocked than the kernel tells of");
  guard.await_err("the counter unlogged");
  // An operator sees it, too, in the next block.
  deadline told;
  while (guard.out().find("\"blocks_lost\":\"") == std::string::npos) {
    CHECK(world.ask("tcp " + v4) == refused);
    told.pace("the number of lost blocks");
  }
}

TEST_CASE("a guard that is killed leaves the namespace closed") {
  guard_world world;
  if (!stands(world))
    return;
  {
    auto guard = world.attach();
    CHECK(world.run({"allow", "c1", v4}).code == 0);
    guard.kill(SIGKILL);
    guard.wait();
  }
  CHECK(world.ask("tcp " + v6) == refused);
  CHECK(world.ask("tcp " + v4) == "connected");
  // Verdicts still take effect, and the next guard keeps them.
  CHECK(world.run({"allow", "c1", "203.0.113.8"}).code == 0);
  auto next = world.attach();
  CHECK(world.ask("tcp " + v4) == "connected");
  CHECK(world.ask("tcp 203.0.113.8") == "connected");
  CHECK(world.ask("tcp " + v6) == refused);
  next.await_out(block_of(v6));
}

TEST_CASE("a second guard of a namespace is refused and names the first") {
  guard_world world;
  if (!stands(world))
    return;
  auto guard = world.attach();
  for (const auto* container : {"c1", "c2"}) {
    const auto second =
        world.run({"attach", "--pid", std::to_string(world.container()),
                   "--container", container});
    CHECK(second.code == 1);
    CHECK(second.err.find("is guarded already, by process "
                          + std::to_string(guard.pid()))
          != std::string::npos);
  }
}

TEST_CASE("the container's end is told, and its state goes") {
  guard_world world;
  if (!stands(world))
    return;
  auto guard = world.attach();
  CHECK(world.run({"list"}).out.starts_with("c1 - pid "));
  world.end_container();
  CHECK(guard.wait() == exited(0));
  CHECK(guard.out().ends_with(
      R"({"type":"container_exited","container":"c1","reason":"poststop"})"
      "\n"));
  CHECK(world.run({"list"}).out == "");
  CHECK(world.run({"allow", "c1", v4}).err
        == "terok-guard: no guarded container is called c1 (terok-guard list "
           "shows all)\n");
}

TEST_CASE("a verdict for a container that ended is refused") {
  guard_world world;
  if (!stands(world))
    return;
  {
    auto guard = world.attach();
    guard.kill(SIGKILL); // so nobody removes the state
    guard.wait();
  }
  const auto pid = std::to_string(world.container());
  world.end_container();
  // The kernel may still know the process for a moment.
  deadline guard;
  while (::kill(world.container(), 0) == 0)
    guard.pace("the container's end");
  const auto x = world.run({"allow", "c1", v4});
  CHECK(x.code == 1);
  CHECK(x.err
        == "terok-guard: the container c1: process " + pid + " does not run\n");
}

TEST_CASE("what a killed guard leaves of an ended container is removed") {
  guard_world world;
  if (!stands(world))
    return;
  {
    auto guard = world.attach();
    guard.kill(SIGKILL);
    guard.wait();
  }
  const words_of_run run{"run",
                         "--name",
                         "c2",
                         "--private",
                         std::to_string(world.internet()),
                         "--hub",
                         world.runtime() + "/none",
                         "--",
                         "/bin/true"};
  // Whose container runs is kept.
  CHECK(world.run(run).code == 0);
  CHECK(world.run({"list"}).out.starts_with("c1 - pid "));
  world.end_container();
  deadline ended;
  while (::kill(world.container(), 0) == 0)
    ended.pace("the container's end");
  CHECK(world.run(run).code == 0);
  CHECK(world.run({"list"}).out == "");
}

TEST_CASE("SIGTERM ends the guard, the namespace stays closed") {
  guard_world world;
  if (!stands(world))
    return;
  auto guard = world.attach();
  guard.kill(SIGTERM);
  CHECK(guard.wait() == exited(0));
  CHECK(world.ask("tcp " + v4) == refused);
  CHECK(world.run({"list"}).out.starts_with("c1 - pid "));
}

TEST_CASE("a hub that starts later gets the container and the next block") {
  guard_world world;
  if (!stands(world))
    return;
  const auto path = world.runtime() + "/hub.sock";
  auto guard = world.attach({"--hub", path, "--dossier", "task=t7"});
  CHECK(world.ask("tcp " + v4) == refused); // nobody hears it
  const listener hub(path);
  auto reader = hub.await_connection();
  std::string text;
  deadline started;
  const std::string start = R"({"type":"container_started","container":"c1",)"
                            R"("dossier":{"task":"t7"}})";
  while (text.find(start) == std::string::npos) {
    started.await(reader.fd(), POLLIN, start);
    REQUIRE(reader.read_some(text));
  }
  // The first block was not told, so it is told when it happens again. It may
  // also stand in what was read already: the guard may have read the packet
  // only after it was connected.
  const auto block =
      block_of(v4) + R"(,"port":443,"proto":6,"dossier":{"task":"t7"}})";
  deadline again;
  while (text.find(block) == std::string::npos) {
    if (reader.readable()) {
      REQUIRE(reader.read_some(text));
      continue;
    }
    CHECK(world.ask("tcp " + v4) == refused);
    again.pace("the block", {reader.fd()});
  }
}

TEST_CASE("the reader keeps no right that it does not need") {
  guard_world world;
  if (!stands(world))
    return;
  auto guard = world.attach();
  CHECK(status_of(guard.pid(), "CapEff") == "0000000000000000");
  // So it cannot gain any; its bounding set is not a plain user's to change.
  CHECK(status_of(guard.pid(), "NoNewPrivs") == "1");
  if (has_seccomp())
    CHECK(status_of(guard.pid(), "Seccomp") == "2");
}

TEST_CASE("a container of podman is found by its name") {
  guard_world world;
  if (!stands(world))
    return;
  // A stand-in for podman; it also shows what it was asked.
  const auto podman = world.runtime() + "/podman";
  const auto id = "6f1d2c3b4a59" + std::string(52, '0');
  const auto answer = [&podman](const std::string& script) {
    write_file(podman, "#!/bin/sh\n" + script + '\n');
    std::filesystem::permissions(podman, std::filesystem::perms{0700});
  };
  const auto start = [&world] {
    return world.start_program(
        "terok-guard", {"attach", "--podman", "web", "--emit", "json"},
        {"/usr/bin/env", "PATH=" + world.runtime() + ":/usr/bin:/bin"});
  };
  answer("echo \"$*\" >\"$0.asked\"; echo " + std::to_string(world.container())
         + ' ' + id);
  {
    auto guard = start();
    guard.await_out(
        R"({"type":"container_started","container":"6f1d2c3b4a59"})");
    CHECK(read_file(podman + ".asked")
          == "inspect --type container --format {{.State.Pid}} {{.Id}} -- "
             "web\n");
    // By its id or its name.
    CHECK(world.run({"allow", "6f1d2c3b4a59", v4}).code == 0);
    CHECK(world.run({"deny", "web", v4}).code == 0);
    guard.kill(SIGTERM);
    CHECK(guard.wait() == exited(0));
  }
  const auto fault = [&](const std::string& script) {
    answer(script);
    auto guard = start();
    CHECK(guard.wait() == exited(1));
    return guard.err();
  };
  CHECK(fault("echo 'no such container' >&2; exit 125")
        == "terok-guard: podman does not know the container web: no such "
           "container\n");
  CHECK(fault("echo '0 " + id + "'")
        == "terok-guard: the container web does not run\n");
  CHECK(fault("echo nonsense")
        == "terok-guard: podman does not say which process the container web "
           "has\n");
}

TEST_CASE("a namespace is found by its file") {
  guard_world world;
  if (!stands(world))
    return;
  const auto file = "/proc/" + std::to_string(world.container()) + "/ns/net";
  {
    auto guard = world.start(
        {"attach", "--netns", file, "--container", "c1", "--emit", "json"});
    guard.await_err("guarding the container c1, process "
                    + std::to_string(world.container()));
    CHECK(world.ask("tcp " + v4) == refused);
    guard.await_out(block_of(v4));
  }
  const auto fault = [&world](const std::string& path) {
    return world.run({"attach", "--netns", path, "--container", "c1"}).err;
  };
  CHECK(fault("/dev/null")
        == "terok-guard: /dev/null is the file of no namespace\n");
  CHECK(fault("/nowhere")
        == "terok-guard: /nowhere: No such file or directory\n");
}

TEST_CASE("what could go around the firewall is not guarded") {
  guard_world world;
  if (!stands(world))
    return;
  const auto own = world.run(
      {"attach", "--pid", std::to_string(::getpid()), "--container", "c1"});
  CHECK(own.code == 1);
  CHECK(own.err.find("is in the network namespace that terok-guard runs in")
        != std::string::npos);
  CHECK(world.run({"attach", "--pid", "2147483647", "--container", "c1"}).err
        == "terok-guard: process 2147483647 does not run\n");
}

} // namespace guard_attach_tests
