// What `terok-guard` needs before it guards anything, and what it says without.
#include "test/end_to_end/guard/guard_world.hpp"
#include "test/services/client/listener.hpp"
#include "test/support/net/raw_socket.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <string>
#include <utility>
#include <vector>

namespace guard_start_tests {

using namespace clearance::test;

namespace {

using words = std::vector<std::string>;

struct start_fixture {
  guard_world world{guard_world::user::plain};
  std::string hub = world.runtime() + "/hub.sock";

  bool stands() const {
    if (!world.missing().empty())
      skipped(world.missing());
    return world.missing().empty();
  }

  words run_line(const std::string& name, const words& command) const {
    words x{
        "run",   "--name", name, "--private", std::to_string(world.internet()),
        "--hub", hub,      "--"};
    x.insert(x.end(), command.begin(), command.end());
    return x;
  }

  child start_with_descriptors(std::size_t most, words line) const {
    const auto limit = std::to_string(most);
    return world.start_program(
        "terok-guard", std::move(line),
        {"/bin/sh", "-c", "ulimit -n " + limit + " && exec \"$0\" \"$@\""});
  }
};

// A program in pasta's place, in a world where pasta's device can be opened.
class fake_pasta {
public:
  fake_pasta(const guard_world& world, const std::string& script)
      : world_(world), directory_(world.runtime() + "/bin") {
    std::filesystem::create_directory(directory_);
    std::ofstream(path("pasta")) << "#!/bin/sh\n" << script;
    std::filesystem::permissions(path("pasta"), std::filesystem::perms{0700});
    world_.give(directory_);
    world_.give(path("pasta"));
  }

  child start(words line) const {
    return world_.start_program(
        "terok-guard", std::move(line),
        {"/usr/bin/unshare", "-Urm", "/bin/sh", "-c",
         "mount -t tmpfs none /dev/net && touch /dev/net/tun && PATH="
             + directory_ + ":/usr/bin:/bin exec \"$0\" \"$@\""});
  }

  /// Returns when the script has made this file beside itself.
  void await(const std::string& name) const {
    deadline made;
    while (!std::filesystem::exists(path(name)))
      made.pace(name);
  }

  void make(const std::string& name) const { std::ofstream(path(name)) << ""; }

private:
  std::string path(const std::string& name) const {
    return directory_ + '/' + name;
  }

  const guard_world& world_;
  std::string directory_;
};

bool has_device_directory() {
  if (std::filesystem::exists("/dev/net"))
    return true;
  skipped("/dev/net is not there");
  return false;
}

std::string replaced(std::string text, const std::string& key,
                     const std::string& value) {
  const auto at = text.find('\n' + key + ' ');
  REQUIRE(at != std::string::npos);
  const auto begin = at + key.size() + 2;
  return text.replace(begin, text.find('\n', begin) - begin, value);
}

} // namespace

TEST_CASE("with few descriptors nothing runs, and one line says why") {
  const start_fixture x;
  if (!x.stands())
    return;
  // Each number would be a lack of another process at another moment.
  for (std::size_t most = 3; most <= 40; ++most) {
    CAPTURE(most);
    auto run = x.start_with_descriptors(most, x.run_line("c9", {"/bin/true"}));
    const auto end = run.wait();
    const auto err = run.err();
    CAPTURE(err);
    CHECK(std::count(err.begin(), err.end(), '\n') == 1);
    if (most == 3) {
      CHECK(end == exited(127)); // the loader could not open the C library
      continue;
    }
    CHECK(end == exited(125));
    CHECK(err
          == "terok-guard: only " + std::to_string(most - 3)
                 + " descriptors are free, 64 are needed (Too many open"
                   " files): raise the limit, ulimit -n 1024\n");
  }
  auto attach = x.start_with_descriptors(
      20, {"attach", "--pid", std::to_string(x.world.container()),
           "--container", "c1", "--hub", x.hub});
  CHECK(attach.wait() == exited(1));
  CHECK(attach.err().find("17 descriptors are free") != std::string::npos);
}

TEST_CASE("the descriptors that are asked for are enough") {
  const start_fixture x;
  if (!x.stands())
    return;
  auto too_few =
      x.start_with_descriptors(3 + 63, x.run_line("c9", {"/bin/true"}));
  CHECK(too_few.wait() == exited(125));
  auto run = x.start_with_descriptors(3 + 64, x.run_line("c9", {"/bin/true"}));
  CHECK(run.wait() == exited(0));
}

TEST_CASE("a socket's path that is too long is refused at once") {
  const start_fixture x;
  if (!x.stands())
    return;
  const auto path = "/tmp/" + std::string(120, 'x');
  auto run = x.world.start({"run", "--hub", path, "--", "/bin/true"});
  CHECK(run.wait() == exited(125));
  const auto why = "terok-guard: --hub: " + path
                   + " is longer than the 107 bytes that a socket's path may"
                     " have: name a shorter path\n";
  CHECK(run.err().ends_with(why));
  const auto attach =
      x.world.run({"attach", "--pid", std::to_string(x.world.container()),
                   "--container", "c1", "--hub", path});
  CHECK(attach.code == 1);
  CHECK(attach.err == why);
  auto nowhere = x.world.start_program(
      "terok-guard", {"run", "--", "/bin/true"},
      {"/bin/sh", "-c",
       "mkdir \"$XDG_RUNTIME_DIR/" + std::string(100, 'y')
           + "\" && XDG_RUNTIME_DIR=\"$XDG_RUNTIME_DIR/" + std::string(100, 'y')
           + "\" exec \"$0\" \"$@\""});
  CHECK(nowhere.wait() == exited(125));
  CHECK(nowhere.err().ends_with(
      "may have: set XDG_RUNTIME_DIR to a shorter directory\n"));
}

TEST_CASE("without the device that pasta needs the line says how to get it") {
  const start_fixture x;
  if (!x.stands())
    return;
  if (!has_device_directory())
    return;
  if (!std::filesystem::exists("/usr/bin/pasta"))
    return skipped("pasta is not there");
  auto run = x.world.start_program(
      "terok-guard", {"run", "--hub", x.hub, "--", "/bin/true"},
      {"/usr/bin/unshare", "-Urm", "/bin/sh", "-c",
       "mount -t tmpfs none /dev/net && exec \"$0\" \"$@\""});
  CHECK(run.wait() == exited(125));
  CHECK(run.err().ends_with(
      "terok-guard: pasta needs the device /dev/net/tun to connect COMMAND,"
      " but it cannot be opened: No such file or directory. Load the kernel"
      " module tun (modprobe tun). In a container start it with --device"
      " /dev/net/tun. Or connect COMMAND to a namespace of yours"
      " (--private)\n"));
}

TEST_CASE("a signal ends a run that waits for its network") {
  const start_fixture x;
  if (!x.stands() || !has_device_directory())
    return;
  const listener hub(x.hub);
  x.world.give(x.hub);
  const fake_pasta pasta(x.world, "touch \"$(dirname \"$0\")/started\"\n"
                                  "exec sleep 1000\n");
  auto run = pasta.start({"run", "--hub", x.hub, "--", "/bin/true"});
  pasta.await("started");
  run.kill(SIGTERM);
  CHECK(run.wait() == exited(128 + SIGTERM));
  // The reader may say something after that.
  CHECK(run.err().find("COMMAND was not started: signal 15 came\n")
        != std::string::npos);
  // The hub is told that this container, of which it knows, has ended.
  auto reader = hub.await_connection();
  std::string text;
  deadline told;
  while (text.find("container_exited") == std::string::npos) {
    told.await(reader.fd(), POLLIN, "the container's end");
    REQUIRE(reader.read_some(text));
  }
  CHECK(text.find("container_started") < text.find("container_exited"));
}

TEST_CASE("the end of pasta is said, with its last words") {
  const start_fixture x;
  if (!x.stands() || !has_device_directory())
    return;
  // The fourth word is the file for its pid: the network is there.
  const fake_pasta pasta(x.world, "echo $$ >\"$4\"\n"
                                  "until [ -e \"$(dirname \"$0\")/end\" ]; do"
                                  " :; done\n"
                                  "echo no more >&2\n");
  auto run = pasta.start({"run", "--hub", x.hub, "--", "/bin/sleep", "1000"});
  run.await_err("what runs is the container");
  pasta.make("end");
  run.await_err("pasta has ended, COMMAND has no network any more: no more");
  run.kill(SIGTERM);
  CHECK(run.wait() == exited(128 + SIGTERM));
}

// The process that has the number of a guard by now may be another guard.
TEST_CASE("a guard that has ended is not mistaken for one with its number") {
  const start_fixture x;
  if (!x.stands())
    return;
  auto other = x.world.start(x.run_line("c1", {"/bin/sleep", "600"}));
  other.await_err("what runs is the container c1");
  const auto states = x.world.runtime() + "/terok-guard/";
  std::ifstream in(states + "c1.state");
  std::string text{std::istreambuf_iterator<char>(in), {}};
  text = replaced(text, "container", "c2");
  text = replaced(text, "net-namespace", "1");
  text = replaced(text, "start-time", "1");
  const auto write = [&](const std::string& state) {
    const auto path = states + "c2.state";
    std::ofstream(path) << state;
    std::filesystem::permissions(path, std::filesystem::perms{0600});
    x.world.give(path);
  };
  const guard_world neighbour{guard_world::user::plain};
  const auto start = [&] {
    return x.world.start({"run", "--name", "c2", "--private",
                          std::to_string(neighbour.internet()), "--hub", x.hub,
                          "--", "/bin/true"});
  };
  write(text);
  auto refused = start();
  const auto refused_end = refused.wait();
  CAPTURE(refused.err());
  CHECK(refused_end == exited(125));
  CHECK(refused.err().find("the container c2 is guarded already")
        != std::string::npos);
  write(replaced(text, "guard-start-time", "1"));
  auto run = start();
  CHECK(run.wait() == exited(0));
  other.kill(SIGTERM);
  other.wait();
}

} // namespace guard_start_tests
