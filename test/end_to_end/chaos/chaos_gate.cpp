// SIGKILL ends the gate, or git behind it, in the middle of transfers; and
// pushes meet a full disk. After each of these the repository passes git fsck
// and the next push works.

#include "test/end_to_end/chaos/chaos.hpp"
#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <list>
#include <optional>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

namespace chaos_gate_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

const std::string ours = authorization(gate_world::token);

void check_sound(const gate_world& world) {
  world.in_mirror({"fsck", "--full", "--strict"});
}

/// Two clones, a push and three clients that are not git, all at the same time.
class transfers {
public:
  transfers(const gate_world& world, const gate& server, int round) {
    const auto name = std::to_string(round);
    world.commit("work", "file",
                 noise(2'000'000, static_cast<unsigned>(round)));
    for (auto dir : {"a", "b"})
      processes_.emplace_back(
          world.git_options({"clone", "-q", server.url(), dir + name}));
    processes_.emplace_back(
        world.git_options({"push", "-q", "-f", server.url(), "main"}, "work"));
    const auto post = http_request(
        "POST", "/r.git/git-receive-pack",
        {ours, "Content-Type: application/x-git-receive-pack-request",
         "Content-Length: 100000"});
    for (const auto& bytes :
         {post + "00", post.substr(0, post.size() / 2),
          http_request("GET", "/r.git/info/refs?service=git-upload-pack",
                       {ours})}) {
      clients_.push_back(server.client());
      clients_.back().send(bytes);
    }
  }

  /// Waits until every transfer has ended, with success or without. Afterwards
  /// no client is connected.
  void await_end() {
    clients_.clear();
    for (auto& x : processes_)
      x.wait();
  }

private:
  std::list<child> processes_;
  std::vector<http_client> clients_;
};

void check_serves(const gate_world& world, const gate& server, int round) {
  const auto name = "after" + std::to_string(round);
  world.must_git({"clone", "-q", server.url(), name});
  world.must_git({"push", "-q", "-f", server.url(), "main"}, "work");
  CHECK(world.in_mirror({"rev-parse", "main"})
        == world.must_git({"rev-parse", "main"}, "work"));
}

} // namespace

TEST_CASE("a gate that is killed during transfers leaves a sound repository") {
  const gate_world world;
  world.seed(noise(2'000'000));
  world.must_git({"clone", "-q", world.repository().string(), "work"});
  dice random{"gate killed"};
  for (int round = 0; round < 3; ++round) {
    gate server{world};
    transfers crowd{world, server, round};
    const auto wanted = 1 + random.below(3);
    const auto children = await_descendants(server.process().pid(), wanted);
    server.process().kill(SIGKILL);
    server.process().wait();
    crowd.await_end();
    await_gone(children);
    check_sound(world);
    const recovery time{"gate killed"};
    gate again{world};
    time.served();
    check_serves(world, again, round);
    check_sound(world);
    CHECK(again.stop() == exited(0));
  }
}

TEST_CASE(
    "a gate whose git is killed during transfers leaves a sound repository") {
  const gate_world world;
  world.seed(noise(2'000'000));
  world.must_git({"clone", "-q", world.repository().string(), "work"});
  dice random{"git killed"};
  gate server{world};
  const auto pid = server.process().pid();
  const auto descriptors = descriptor_count(pid);
  flat_memory memory{"gate whose git is killed", pid};
  for (int round = 0; round < 3; ++round) {
    transfers crowd{world, server, round};
    for (int victims = 0; victims < 3; ++victims) {
      const auto children = await_descendants(pid);
      ::kill(children[random.below(children.size())], SIGKILL);
    }
    crowd.await_end();
    await_no_descendants(pid);
    check_sound(world);
    const recovery time{"git killed"};
    CHECK_EQ(server.client()
                 .call(http_request(
                     "GET", "/r.git/info/refs?service=git-upload-pack", {ours}))
                 .status,
             200);
    time.served();
    check_serves(world, server, round);
    memory.round_ended();
  }
  memory.check();
  await_no_descendants(pid);
  await_descriptor_count(pid, descriptors);
  check_sound(world);
  CHECK(server.stop() == exited(0));
}

namespace {

/// Checks that a push which is too large for the disk fails with a message and
/// leaves nothing behind, and that a smaller push works.
void check_full(const gate_world& world, gate& server) {
  const auto before = world.in_mirror({"for-each-ref"});
  world.must_git({"clone", "-q", server.url(), "work"});
  world.commit("work", "large", noise(3'000'000));
  const auto push = world.git({"push", server.url(), "main"}, "work");
  CAPTURE(push);
  CHECK_FALSE(push.ok());
  // git's own texts for a failed unpacking and for the branch
  CHECK(push.err.find("unpack failed") != std::string::npos);
  CHECK(push.err.find("[remote rejected] main -> main") != std::string::npos);
  await_no_descendants(server.process().pid());
  CHECK(world.in_mirror({"for-each-ref"}) == before);
  check_sound(world);
  world.must_git({"reset", "-q", "--hard", "HEAD^"}, "work");
  world.commit("work", "small", "fits\n");
  world.must_git({"push", "-q", server.url(), "main"}, "work");
  check_sound(world);
}

} // namespace

TEST_CASE(
    "a push above the limit for file sizes fails, and the next push works") {
  const gate_world world;
  world.seed();
  gate server{world};
  // A limit for the size of files, which the gate's children inherit.
  const auto pid = server.process().pid();
  rlimit before{};
  REQUIRE(::prlimit(pid, RLIMIT_FSIZE, nullptr, &before) == 0);
  const rlimit small{500'000, before.rlim_max};
  REQUIRE(::prlimit(pid, RLIMIT_FSIZE, &small, nullptr) == 0);
  check_full(world, server);
  // Once there is room again, the large push works.
  REQUIRE(::prlimit(pid, RLIMIT_FSIZE, &before, nullptr) == 0);
  world.commit("work", "large", noise(3'000'000));
  world.must_git({"push", "-q", server.url(), "main"}, "work");
  check_sound(world);
  CHECK(server.stop() == exited(0));
}

TEST_CASE("a push to a full disk fails, and the next push works") {
  const gate_world world;
  // A small file system in a mount namespace. The namespace ends with this
  // process.
  if (::unshare(CLONE_NEWNS) != 0
      || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0
      || ::mount("tmpfs", world.mirror_root().c_str(), "tmpfs", 0,
                 "size=2m,mode=0700")
             != 0) {
    skipped("needs to mount a file system");
    return;
  }
  world.must_git(
      {"init", "-q", "--bare", "-b", "main", world.repository().string()});
  world.seed();
  {
    gate server{world};
    const auto room = fs::space(world.repository()).available;
    check_full(world, server);
    // The files that the failed push had written are gone.
    CHECK(fs::space(world.repository()).available + 200'000 > room);
    CHECK(server.stop() == exited(0));
  }
  CHECK(::umount2(world.mirror_root().c_str(), MNT_DETACH) == 0);
}

} // namespace chaos_gate_tests
