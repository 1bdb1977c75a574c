// Names in a container that `terok-guard run` makes: its DNS forwarder asks the
// name server of the private "internet".
#include "test/end_to_end/guard/guard_world.hpp"
#include "test/services/client/listener.hpp"
#include "test/support/net/raw_socket.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <poll.h>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace guard_names_tests {

using namespace clearance::test;

namespace {

using words = std::vector<std::string>;

struct names_fixture {
  guard_world world{guard_world::user::plain};
  std::string hub = world.runtime() + "/hub.sock";

  bool stands() const {
    if (!world.missing().empty())
      skipped(world.missing());
    return world.missing().empty();
  }

  child start(const words& command, const words& options = {}) const {
    words x{"run",
            "--name",
            "c9",
            "--private",
            std::to_string(world.internet()),
            "--hub",
            hub,
            "--dns",
            "203.0.113.53"};
    x.insert(x.end(), options.begin(), options.end());
    x.emplace_back("--");
    x.insert(x.end(), command.begin(), command.end());
    return world.start(x);
  }

  words probe(const std::string& what, const std::string& to) const {
    return {world.program("guard-probe"), what, to};
  }

  // Many times in one container: each look-up must open its address before the
  // program has it.
  words probes(const std::string& name, int times) const {
    return {"/bin/sh", "-c",
            "for i in $(seq " + std::to_string(times) + "); do \"$0\" name "
                + name + "; done",
            world.program("guard-probe")};
  }
};

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t result = 0;
  for (auto at = text.find(what); at != std::string::npos;
       at = text.find(what, at + 1))
    ++result;
  return result;
}

} // namespace

TEST_CASE("a name is resolved, and its address stays closed") {
  const names_fixture x;
  if (!x.stands())
    return;
  const listener hub(x.hub);
  x.world.give(x.hub);
  auto run = x.start(x.probe("name", "a7.test"));
  auto reader = hub.await_connection();
  CHECK(run.wait() == exited(0));
  CHECK(run.out() == "203.0.113.7: Connection refused\n");
  // The block bears the name, although it came right behind the answer.
  CHECK(reader.read_to_end().find(
            R"("dest":"203.0.113.7","port":443,"proto":6,"domain":"a7.test")")
        != std::string::npos);
}

TEST_CASE(
    "an allowed name is open at the first connection, wherever it leads") {
  const names_fixture x;
  if (!x.stands())
    return;
  auto run = x.start(x.probes("turn.test", 20), {"--open", "turn.test"});
  CHECK(run.wait() == exited(0));
  CHECK(count_of(run.out(), ": connected") == 20);
  CHECK(run.out().find("203.0.113.119: connected") != std::string::npos);
}

TEST_CASE("an allowed name stands for itself, unless it says otherwise") {
  const names_fixture x;
  if (!x.stands())
    return;
  auto exact =
      x.start(x.probe("name", "a7.below.test"), {"--open", "below.test"});
  CHECK(exact.wait() == exited(0));
  CHECK(exact.out() == "203.0.113.7: Connection refused\n");
  auto below =
      x.start(x.probe("name", "a7.below.test"), {"--open", "**.below.test"});
  CHECK(below.wait() == exited(0));
  CHECK(below.out() == "203.0.113.7: connected\n");
}

TEST_CASE("a name opens no address of the operator's own network") {
  const names_fixture x;
  if (!x.stands())
    return;
  auto run = x.start({"/bin/sh", "-c",
                      "\"$0\" name inner.test; echo ready; exec sleep 1000",
                      x.world.program("guard-probe")},
                     {"--open", "inner.test"});
  run.await_out("ready");
  CHECK(run.out().starts_with("10.0.0.1: Connection refused\n"));
  const auto rules = x.world.run({"rules", "c9"});
  CHECK(rules.code == 0);
  const auto set = rules.out.find("set name4");
  REQUIRE(set != std::string::npos);
  const auto elements = rules.out.substr(set, rules.out.find('}', set) - set);
  CHECK(elements.find("10.0.0.1") == std::string::npos);
  // It is among the addresses that were blocked.
  CHECK(rules.out.find("10.0.0.1") != std::string::npos);
}

TEST_CASE("a verdict about a name opens the address that a program holds") {
  const names_fixture x;
  if (!x.stands())
    return;
  auto run = x.start(x.probe("named", "turn.test"));
  run.await_out("203.0.113.100: Connection refused");
  const auto allowed = x.world.run({"allow", "c9", "turn.test"});
  CHECK(allowed.err == "");
  CHECK(allowed.code == 0);
  CHECK(run.wait() == exited(0));
  CHECK(run.out().ends_with("203.0.113.100: connected\n"));
}

TEST_CASE("a name that is denied again is closed") {
  const names_fixture x;
  if (!x.stands())
    return;
  auto run = x.start({"/bin/sh", "-c",
                      "\"$0\" name a7.test; echo ready; exec sleep 1000",
                      x.world.program("guard-probe")},
                     {"--open", "a7.test"});
  run.await_out("ready");
  CHECK(run.out() == "203.0.113.7: connected\nready\n");
  const auto denied = x.world.run({"deny", "c9", "a7.test"});
  CHECK(denied.err == "");
  const auto rules = x.world.run({"rules", "c9"}).out;
  CHECK(rules.find("203.0.113.7 timeout") == std::string::npos);
  const auto set = rules.find("set deny4 ");
  REQUIRE(set != std::string::npos);
  CHECK(rules.substr(set, rules.find("set", set + 4) - set).find("203.0.113.7")
        != std::string::npos);
}

TEST_CASE("a pattern that is denied again is closed for every name") {
  const names_fixture x;
  if (!x.stands())
    return;
  auto run = x.start({"/bin/sh", "-c",
                      "\"$0\" name a7.below.test; echo ready; exec sleep 1000",
                      x.world.program("guard-probe")},
                     {"--open", "**.below.test"});
  run.await_out("ready");
  CHECK(run.out() == "203.0.113.7: connected\nready\n");
  CHECK(x.world.run({"deny", "c9", "**.below.test"}).code == 0);
  const auto rules = x.world.run({"rules", "c9"}).out;
  const auto set = rules.find("set name4 ");
  REQUIRE(set != std::string::npos);
  CHECK(rules.substr(set, rules.find("set", set + 4) - set).find("203.0.113.7")
        == std::string::npos);
}

TEST_CASE("a verdict for a time opens the addresses that a name has now") {
  const names_fixture x;
  if (!x.stands())
    return;
  auto run = x.start({"/bin/sh", "-c", "echo ready; exec sleep 1000"});
  run.await_out("ready");
  CHECK(x.world.run({"allow", "c9", "a8.test", "--for", "3000"}).code == 0);
  CHECK(x.world.run({"rules", "c9"}).out.find("203.0.113.8 timeout 50m")
        != std::string::npos);
  CHECK(x.world.run({"allow", "c9", "inner.test", "--for", "30"}).err
        == "terok-guard: the name inner.test has no public address\n");
}

namespace {

// An attached container. The name server answers in the "internet" alone, so
// the guard runs there.
struct attached_fixture {
  guard_world world;
  words inside{"/usr/bin/nsenter", "--target", std::to_string(world.internet()),
               "--user",           "--net",    "--preserve-credentials"};

  bool stands() const {
    if (!world.missing().empty())
      skipped(world.missing());
    return world.missing().empty();
  }

  child attach() const {
    auto guard = world.start_program(
        "terok-guard",
        {"attach", "--pid", std::to_string(world.container()), "--container",
         "c1", "--emit", "json", "--dns", "203.0.113.53"},
        inside);
    guard.await_err("guarding the container c1");
    return guard;
  }

  std::pair<ending, std::string> judge(const char* verdict,
                                       const char* dest) const {
    auto program =
        world.start_program("terok-guard", {verdict, "c1", dest}, inside);
    const auto end = program.wait();
    return {end, program.err()};
  }

  void await_open(const std::string& address) {
    deadline opened;
    while (world.ask("tcp " + address) != "connected")
      opened.pace("an open address");
  }
};

} // namespace

TEST_CASE("a name that is allowed in an attached container is looked up") {
  attached_fixture x;
  if (!x.stands())
    return;
  auto guard = x.attach();
  CHECK(x.world.ask("tcp 203.0.113.7") == "Connection refused");
  // Only the guard finds these names.
  for (const auto* name : {"a7.example.org", "a8.example.org"}) {
    const auto allowed = x.judge("allow", name);
    CHECK(allowed.first == exited(0));
    CHECK(allowed.second.find("the name is allowed, and its guard goes on")
          != std::string::npos);
  }
  x.await_open("203.0.113.7");
  x.await_open("203.0.113.8");
  const auto denied = x.judge("deny", "a7.example.org");
  CHECK(denied.first == exited(1));
  CHECK(denied.second.find("the name is not allowed any more")
        != std::string::npos);
  CHECK(x.world.ask("tcp 203.0.113.7") == "Connection refused");
  // The other one was closed with it, and is opened again at once.
  x.await_open("203.0.113.8");
}

TEST_CASE("a block at a new address of an allowed name is the last one") {
  attached_fixture x;
  if (!x.stands())
    return;
  auto guard = x.attach();
  CHECK(x.judge("allow", "203.0.113.53").first == exited(0));
  CHECK(x.judge("allow", "moves.example.org").first == exited(0));
  x.await_open("203.0.113.20");
  // Its record is valid for a minute, so nobody would look it up now.
  CHECK(x.world.ask("name moves.example.org") == "203.0.113.21");
  CHECK(x.world.ask("tcp 203.0.113.21") == "Connection refused");
  x.await_open("203.0.113.21");
}

TEST_CASE("a pattern opens the names that an attached container looks up") {
  attached_fixture x;
  if (!x.stands())
    return;
  auto guard = x.attach();
  CHECK(x.judge("allow", "203.0.113.53").first == exited(0));
  CHECK(x.judge("allow", "**.below.test").first == exited(0));
  for (const auto* name : {"a7.below.test", "a8.other.test"})
    x.world.ask(std::string{"name "} + name);
  CHECK(x.world.ask("tcp 203.0.113.8") == "Connection refused");
  CHECK(x.world.ask("tcp 203.0.113.7") == "Connection refused");
  x.await_open("203.0.113.7");
  CHECK(x.world.ask("tcp 203.0.113.8") == "Connection refused");
  CHECK(x.judge("deny", "**.below.test").first == exited(0));
  CHECK(x.world.ask("tcp 203.0.113.7") == "Connection refused");
}

TEST_CASE("an answer that is too long for a datagram comes over TCP") {
  const names_fixture x;
  if (!x.stands())
    return;
  auto run = x.start(x.probe("name", "long.test"), {"--open", "long.test"});
  CHECK(run.wait() == exited(0));
  CHECK(run.out() == "203.0.113.77: connected\n");
}

TEST_CASE("each query leaves by a port of its own") {
  const names_fixture x;
  if (!x.stands())
    return;
  auto run = x.start(x.probes("port.test", 4));
  CHECK(run.wait() == exited(0));
  std::istringstream lines(run.out());
  std::set<std::string> ports;
  for (std::string line; std::getline(lines, line);) {
    CHECK(line.starts_with("198.51."));
    ports.insert(line);
  }
  CHECK(ports.size() > 1);
}

TEST_CASE("a pattern that is denied leaves other names open") {
  const names_fixture x;
  if (!x.stands())
    return;
  auto run = x.start({"/bin/sh", "-c",
                      "\"$0\" name a7.below.test; echo ready; exec sleep 1000",
                      x.world.program("guard-probe")},
                     {"--open", "a7.below.test", "--open", "**.other.test"});
  run.await_out("ready");
  CHECK(x.world.run({"deny", "c9", "**.other.test"}).code == 0);
  // All names were closed, and nobody looks this one up again.
  deadline opened;
  while (x.world.run({"rules", "c9"}).out.find("203.0.113.7 timeout")
         == std::string::npos)
    opened.pace("an open address");
}

// Both read what others have sent.
TEST_CASE("reader and forwarder make only the system calls that they need") {
  const names_fixture x;
  if (!x.stands())
    return;
  auto run = x.start({"/bin/sh", "-c",
                      "\"$0\" name a7.below.test; echo ready; exec sleep 1000",
                      x.world.program("guard-probe")});
  run.await_out("ready");
  if (run.err().find("not filtered") != std::string::npos)
    return skipped("system calls cannot be filtered here");
  const auto pid = std::to_string(run.pid());
  std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
  int seen = 0;
  for (pid_t each = 0; children >> each;) {
    // The container's first process has one more number in its namespace.
    if (status_of(each, "NSpid") != std::to_string(each))
      continue;
    CAPTURE(each);
    deadline filtered;
    while (status_of(each, "Seccomp") != "2")
      filtered.pace("a filter");
    CHECK(status_of(each, "NoNewPrivs") == "1");
    CHECK(status_of(each, "CapEff") == "0000000000000000");
    ++seen;
  }
  CHECK(seen == 2);
}

} // namespace guard_names_tests
