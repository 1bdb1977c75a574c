// Nothing is left behind: whoever leaves, whenever.

#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/process/process_facts.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <signal.h>

namespace gate_vanish_tests {

using namespace clearance::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

const std::string ours = authorization(gate_world::token);

// The bound of gate.md, section 3, as a hang guard.
constexpr auto soon = 2s;

std::string pkt(const std::string& line) {
  char size[8];
  std::snprintf(size, sizeof size, "%04zx", line.size() + 4);
  return size + line;
}

// A clone's second request, of everything.
std::string clone_request(const gate_world& world) {
  const auto id = world.in_mirror({"rev-parse", "main"});
  return http_request(
      "POST", "/r.git/git-upload-pack",
      {ours, "Content-Type: application/x-git-upload-pack-request"},
      pkt("want " + id + " side-band-64k ofs-delta\n") + "0000"
          + pkt("done\n"));
}

// A push's head and the beginning of its body: the ref and half of a pack.
std::string half_push(const gate_world& world) {
  world.commit("work", "file", noise(3'000'000));
  const auto id = world.must_git({"rev-parse", "main"}, "work");
  world.must_git({"pack-objects", "--all", "../pushed"}, "work");
  std::string pack;
  for (const auto& file : fs::directory_iterator(world.dir.path()))
    if (file.path().extension() == ".pack")
      pack = read_file(file.path());
  REQUIRE_GT(pack.size(), 3'000'000);
  auto command = std::string(40, '0') + ' ' + id + " refs/heads/main";
  command += '\0';
  const auto body = pkt(command + " report-status") + "0000"
                    + pack.substr(0, pack.size() / 2);
  auto chunks = chunked(body, 65536);
  chunks.resize(chunks.size() - 5); // without the last one
  return http_request("POST", "/r.git/git-receive-pack",
                      {ours,
                       "Content-Type: application/x-git-receive-pack-request",
                       "Transfer-Encoding: chunked"})
         + chunks;
}

void check_sound(const gate_world& world) {
  world.in_mirror({"fsck", "--full", "--strict"});
  // What a push had written for itself is removed by git.
  for (const auto& entry :
       fs::directory_iterator(world.repository() / "objects"))
    CHECK_EQ(entry.path().string().find("incoming"), std::string::npos);
}

} // namespace

TEST_CASE("a client that leaves in mid clone leaves no process") {
  const gate_world world;
  world.commit("seed", "file", noise(20'000'000));
  world.must_git({"push", "-q", world.repository(), "main"}, "seed");
  gate server{world};
  std::vector<pid_t> backends;
  {
    auto client = server.client();
    client.send(clone_request(world));
    CHECK_EQ(client.next_head().status, 200);
    backends = await_descendants(server.process().pid());
  }
  await_gone(backends, soon);
  await_no_descendants(server.process().pid());
  check_sound(world);
}

TEST_CASE("a client that leaves a unix socket in mid clone, too") {
  const gate_world world;
  world.commit("seed", "file", noise(20'000'000));
  world.must_git({"push", "-q", world.repository(), "main"}, "seed");
  child server{gate_on_socket(world)};
  server.await_err("serving");
  std::vector<pid_t> backends;
  {
    http_client client{raw_socket{world.socket()}};
    client.send(clone_request(world));
    CHECK_EQ(client.next_head().status, 200);
    backends = await_descendants(server.pid());
  }
  await_gone(backends, soon);
}

TEST_CASE("a killed git leaves no process, and can be started again") {
  const gate_world world;
  world.commit("seed", "file", noise(20'000'000));
  world.must_git({"push", "-q", world.repository(), "main"}, "seed");
  gate server{world};
  // Caught in the act, at last.
  for (int attempt = 0;; ++attempt) {
    child clone{world.git_options(
        {"clone", "-q", server.url(), "c" + std::to_string(attempt)})};
    const deadline guard;
    std::vector<pid_t> backends;
    while (backends.empty() && clone.running()) {
      backends = descendants(server.process().pid());
      guard.pace("a backend");
    }
    // Its helper goes with it: the kernel gives it SIGPIPE.
    for (auto pid : descendants(clone.pid()))
      ::kill(pid, SIGKILL);
    clone.kill(SIGKILL);
    clone.wait();
    await_gone(backends, soon);
    if (!backends.empty())
      break;
  }
  world.must_git({"clone", "-q", server.url(), "whole"});
  CHECK(read_file(world.dir / "whole/file") == noise(20'000'000));
}

TEST_CASE("a git that is killed in mid push leaves nothing either") {
  const gate_world world;
  world.commit("work", "file", noise(40'000'000));
  gate server{world};
  std::vector<pid_t> backends;
  {
    child push{world.git_options({"push", "-q", server.url(), "main"}, "work")};
    // The advertisement is one process, the push has a child at least.
    backends = await_descendants(server.process().pid(), 2);
    for (auto pid : descendants(push.pid()))
      ::kill(pid, SIGKILL);
    push.kill(SIGKILL);
    push.wait();
  }
  await_gone(backends, soon);
  check_sound(world);
  world.must_git({"push", "-q", server.url(), "main"}, "work");
  check_sound(world);
}

TEST_CASE("a client that leaves in mid push leaves no process and no debris") {
  const gate_world world;
  gate server{world};
  const auto request = half_push(world);
  std::vector<pid_t> backends;
  {
    auto client = server.client();
    client.send(request);
    // receive-pack, and the one that unpacks.
    backends = await_descendants(server.process().pid(), 2);
  }
  await_gone(backends, soon);
  check_sound(world);
  CHECK_EQ(world.in_mirror({"for-each-ref"}), "");
  // The same push, whole.
  world.must_git({"push", "-q", server.url(), "main"}, "work");
  check_sound(world);
}

TEST_CASE("a client that ends its body too early is the same") {
  const gate_world world;
  child server{gate_on_socket(world)};
  server.await_err("serving");
  const auto request = half_push(world);
  http_client client{raw_socket{world.socket()}};
  client.send(request);
  const auto backends = await_descendants(server.pid(), 2);
  client.socket().half_close();
  await_gone(backends, soon);
  check_sound(world);
}

TEST_CASE("a client may shut down its side once its request is whole") {
  const gate_world world;
  world.seed();
  child server{gate_on_socket(world)};
  server.await_err("serving");
  http_client client{raw_socket{world.socket()}};
  client.send(clone_request(world));
  client.socket().half_close();
  const auto x = client.next();
  CHECK_EQ(x.status, 200);
  CHECK_NE(x.body.find("PACK"), std::string::npos);
}

TEST_CASE("a client that leaves while it waits for its turn is forgotten") {
  const gate_world world;
  fs::create_directory(world.dir / "exec");
  const auto program = world.dir / "exec/git-http-backend";
  write_file(program, "#!/bin/sh\nexec cat\n");
  fs::permissions(program, fs::perms::owner_all);
  gate server{world,
              {{"--log-level", "debug"},
               {{"GIT_EXEC_PATH", (world.dir / "exec").string()}}}};
  const auto open_post = http_request("POST", "/r.git/git-upload-pack",
                                      {ours, "Transfer-Encoding: chunked"});
  std::vector<http_client> running;
  for (int i = 0; i < 16; ++i) {
    running.push_back(server.client());
    running.back().send(open_post);
  }
  const auto backends = await_descendants(server.process().pid(), 16);
  {
    auto waiting = server.client();
    waiting.send(open_post);
    server.client().call(http_request("GET", "/nothing")); // after it
  }
  server.process().await_err("a client left");
  running.clear();
  await_gone(backends, soon);
}

TEST_CASE("a gate that is stopped leaves no process") {
  const gate_world world;
  world.commit("seed", "file", noise(20'000'000));
  world.must_git({"push", "-q", world.repository(), "main"}, "seed");
  gate server{world};
  auto client = server.client();
  client.send(clone_request(world));
  CHECK_EQ(client.next_head().status, 200);
  const auto backends = await_descendants(server.process().pid());
  SUBCASE("while a transfer stands still") {
    // Nobody reads: it gets its grace, and no more.
    CHECK_EQ(server.stop(), exited(0));
  }
  SUBCASE("while a transfer runs on") {
    server.process().kill(SIGTERM);
    server.process().await_err("stopping");
    std::string body;
    while (client.read_more(body))
      continue;
    CHECK(body.ends_with("0\r\n\r\n")); // it got its end
    CHECK_EQ(server.process().wait(), exited(0));
  }
  SUBCASE("by two signals") {
    server.process().kill(SIGTERM);
    server.process().await_err("stopping");
    server.process().kill(SIGTERM);
    CHECK_EQ(server.process().wait(), exited(128 + SIGTERM));
  }
  SUBCASE("by SIGKILL") {
    server.process().kill(SIGKILL);
    server.process().wait();
    client = http_client{raw_socket{unique_fd{}}};
  }
  await_gone(backends);
}

// git waits for the rest of a packet's length.
TEST_CASE("a gate that is killed in mid push leaves no process") {
  const gate_world world;
  gate server{world};
  auto client = server.client();
  client.send(http_request(
                  "POST", "/r.git/git-receive-pack",
                  {ours, "Content-Type: application/x-git-receive-pack-request",
                   "Content-Length: 100000"})
              + "00");
  const auto backends = await_descendants(server.process().pid());
  server.process().kill(SIGKILL);
  server.process().wait();
  client = http_client{raw_socket{unique_fd{}}};
  await_gone(backends);
}

TEST_CASE("a backend that ignores SIGTERM is killed all the same") {
  const gate_world world;
  fs::create_directory(world.dir / "exec");
  const auto program = world.dir / "exec/git-http-backend";
  write_file(program, "#!/bin/sh\ntrap '' TERM\n"
                      "printf 'A: b\\n\\nhere'\n"
                      "while :; do sleep 1000; done\n");
  fs::permissions(program, fs::perms::owner_all);
  gate server{world, {{}, {{"GIT_EXEC_PATH", (world.dir / "exec").string()}}}};
  std::vector<pid_t> backends;
  {
    auto client = server.client();
    client.send(http_request("GET", "/r.git/info/refs?service=git-upload-pack",
                             {ours}));
    CHECK_EQ(client.next_head().status, 200);
    backends = await_descendants(server.process().pid(), 2);
  }
  await_gone(backends, soon);
}

TEST_CASE("a hundred requests leave no zombie and no descriptor") {
  const gate_world world;
  world.seed();
  gate server{world};
  const auto pid = server.process().pid();
  const auto descriptors = descriptor_count(pid);
  {
    auto client = server.client();
    const auto request =
        http_request("GET", "/r.git/info/refs?service=git-upload-pack", {ours});
    for (int i = 0; i < 100; ++i) {
      CHECK_EQ(client.call(request).status, 200);
      CHECK_EQ(server.client().call(http_request("GET", "/x")).status, 404);
    }
  }
  await_descriptor_count(pid, descriptors);
  await_no_descendants(pid);
}

} // namespace gate_vanish_tests
