// What a command that `terok-guard run` has started tries against its firewall.
// Each try that fails here worked while one of the steps in
// services/guard/container_init.cpp was left out.
#include "test/end_to_end/guard/guard_world.hpp"
#include "test/services/client/listener.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

namespace guard_escapes_tests {

using namespace clearance::test;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    result.push_back(line);
  return result;
}

std::vector<std::string> words_of_run(const guard_world& world,
                                      const std::string& hub,
                                      std::vector<std::string> command) {
  std::vector<std::string> words{
      "run",   "--name", "c9", "--private", std::to_string(world.internet()),
      "--hub", hub,      "--"};
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

} // namespace

TEST_CASE("nothing that a command tries leads around its firewall") {
  guard_world world(guard_world::user::plain);
  if (!world.missing().empty())
    return skipped(world.missing());
  const auto hub = world.runtime() + "/hub.sock";
  const listener live(hub);
  world.give(hub);
  // The hub's directory is the working directory: hidden files must not be
  // reached from there.
  auto run = world.start_program(
      "terok-guard",
      words_of_run(world, hub,
                   {"/bin/sh", "-c", "exec \"$0\" attack \"$1\" \"$2\"",
                    world.program("guard-probe"),
                    std::to_string(world.internet()), hub}),
      {}, world.runtime());
  CHECK(run.wait() == exited(0));
  CHECK(run.err().find("NOT contained") == std::string::npos);
  const auto lines = lines_of(run.out());
  CHECK(lines.size() == 30);
  for (const auto& line : lines) {
    CAPTURE(line);
    CHECK(line.find("BREAK") == std::string::npos);
  }
  REQUIRE_FALSE(lines.empty());
  CHECK(lines.back() == "all tried");
  CHECK(live.empty() == false); // the reader's connection alone
}

TEST_CASE("the tries against the firewall work where there is no guard") {
  guard_world world(guard_world::user::plain);
  if (!world.missing().empty())
    return skipped(world.missing());
  auto probe = world.start_program("guard-probe", {"attack-firewall"},
                                   {"/usr/bin/unshare", "-Urn"});
  CHECK(probe.wait() == exited(0));
  CHECK(probe.out()
        == "change the firewall: BREAK\npacket socket: BREAK\n"
           "raw socket: BREAK\nexecute again: BREAK\n");
}

TEST_CASE("a socket with another name than it was bound to is covered") {
  guard_world world(guard_world::user::plain);
  if (!world.missing().empty())
    return skipped(world.missing());
  const temp_dir directory;
  const auto path = (directory.path() / "control").string();
  const listener live(path + ".new");
  std::filesystem::rename(path + ".new", path);
  for (const auto& x : {directory.path().string(), path})
    world.give(x);
  auto outside = world.start_program("guard-probe", {"unix", path});
  CHECK(outside.wait() == exited(0));
  CHECK(outside.out() == path + ": connected\n");
  auto run =
      world.start(words_of_run(world, world.runtime() + "/hub.sock",
                               {world.program("guard-probe"), "unix", path}));
  CHECK(run.wait() == exited(0));
  CHECK(run.out() == path + ": Connection refused\n");
}

TEST_CASE("a command gets three descriptors, and no other way to them") {
  guard_world world(guard_world::user::plain);
  if (!world.missing().empty())
    return skipped(world.missing());
  const auto hub = world.runtime() + "/hub.sock";
  auto run = world.start_program(
      "terok-guard",
      words_of_run(world, hub, {"/bin/sh", "-c", "ls /proc/self/fd"}),
      {"/bin/sh", "-c", "exec \"$0\" \"$@\" 7</etc/passwd"});
  CHECK(run.wait() == exited(0));
  CHECK(run.out() == "0\n1\n2\n3\n"); // 3 is the directory that ls reads
  auto other = world.start_program(
      "terok-guard", words_of_run(world, hub, {"/bin/true"}),
      {"/bin/sh", "-c", "exec \"$0\" \"$@\" </tmp"});
  CHECK(other.wait() == exited(125));
  CHECK(other.err().find("descriptor 0 is a directory") != std::string::npos);
}

TEST_CASE("a command sees no shared memory and no control group") {
  guard_world world(guard_world::user::plain);
  if (!world.missing().empty())
    return skipped(world.missing());
  auto run = world.start(words_of_run(
      world, world.runtime() + "/hub.sock",
      {"/bin/sh", "-c",
       "ls -A /dev/shm /sys/fs/cgroup | grep -v ':$'; : >/dev/shm/own"}));
  CHECK(run.wait() == exited(0));
  CHECK(lines_of(run.out()) == std::vector<std::string>{""});
}

TEST_CASE("a command sees its own processes and an empty runtime directory") {
  guard_world world(guard_world::user::plain);
  if (!world.missing().empty())
    return skipped(world.missing());
  const auto hub = world.runtime() + "/hub.sock";
  auto run = world.start(words_of_run(
      world, hub,
      {"/bin/sh", "-c",
       "ls -A \"$XDG_RUNTIME_DIR\"; cd /proc; ls -d [0-9]* | wc -l"}));
  CHECK(run.wait() == exited(0));
  // The first process, the shell, ls and wc.
  const auto lines = lines_of(run.out());
  REQUIRE(lines.size() == 1);
  CHECK(std::stoi(lines[0]) <= 4);
}

} // namespace guard_escapes_tests
