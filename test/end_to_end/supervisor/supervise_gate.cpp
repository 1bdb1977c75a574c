// A gate that the supervisor runs: its sandbox restricts it with Landlock, and
// pushes and clones still work.

#include "test/end_to_end/world/container_world.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <signal.h>

namespace supervise_gate_tests {

namespace {

using namespace clearance::test;
namespace fs = std::filesystem;

child serve(const container_world& world, const container& x) {
  child result{
      world.supervisor({"supervise-child", "gate", x.id, world.add(x)})};
  result.await_err("serving");
  return result;
}

bool is_sandboxed(const child& x) {
  return x.err().find("sandbox=yes") != std::string::npos;
}

} // namespace

TEST_CASE("a sandboxed gate accepts a real push") {
  const container_world world;
  const container demo;
  auto server = serve(world, demo);
  if (!is_sandboxed(server))
    skipped("this kernel has no Landlock: the gate has no sandbox");
  const tcp_relay relay{world.gate(demo)};
  // A small push, a large push in chunks, and a small one that finds what the
  // others left.
  for (std::size_t kib : {1U, 3000U, 2U}) {
    const auto content = noise(kib * 1024, unsigned(kib));
    world.git.commit("work", "file", content);
    const auto result = world.git.git({"push", relay.url(), "main"}, "work");
    INFO(result);
    REQUIRE(result.ok());
    CHECK(world.git.in_mirror({"rev-parse", "main"})
          == world.git.must_git({"rev-parse", "main"}, "work"));
  }
  world.git.in_mirror({"fsck", "--full", "--strict"});
  world.git.must_git({"clone", "-q", relay.url(), "clone"});
  CHECK(read_file(world.git.dir / "clone/file") == noise(2 * 1024, 2));
  world.git.must_git({"push", "-q", relay.url(), "main:other"}, "work");
  world.git.must_git({"push", "-q", relay.url(), ":other"}, "work");
  CHECK(world.git.in_mirror(
            {"for-each-ref", "--format=%(refname)", "refs/heads/"})
        == "refs/heads/main");
  CHECK(world.git.in_mirror({"for-each-ref", "refs/terok/backup/other"}) != "");
  server.kill(SIGTERM);
  CHECK(server.wait() == exited(0));
}

TEST_CASE("a gate in tcp mode listens on its loopback port") {
  const container_world world;
  const reserved_port port;
  const container demo{
      "demo",
      "0123456789abcdef",
      {{"ipc_mode", R"("tcp")"}, {"gate_port", std::to_string(port.number())}}};
  auto server = serve(world, demo);
  world.git.commit("work", "file", "x");
  world.git.must_git({"push", "-q",
                      "http://the-token:@127.0.0.1:"
                          + std::to_string(port.number()) + "/r.git",
                      "main"},
                     "work");
  CHECK_FALSE(fs::exists(world.gate(demo)));
}

// A mirror that borrows its objects from another repository. Somebody who can
// write to the mirror could use this to make the gate read other files.
TEST_CASE("a sandboxed gate reads nothing outside of its repository") {
  const container_world world;
  world.git.commit("secret", "file", "secret\n");
  world.git.must_git({"clone", "-q", "--bare", "--shared", "secret",
                      (world.git.mirror_root() / "borrowed.git").string()});
  container demo{"demo", "0123456789abcdef", {{"project_id", R"("borrowed")"}}};
  auto url = [&](const tcp_relay& x) {
    auto result = x.url();
    return result.replace(result.find("/r.git"), 6, "/borrowed.git");
  };
  {
    demo.fields["allow_debugger"] = "true";
    auto server = serve(world, demo);
    CHECK_FALSE(is_sandboxed(server));
    const tcp_relay relay{world.gate(demo)};
    world.git.must_git({"clone", "-q", url(relay), "open"});
    CHECK(read_file(world.git.dir / "open/file") == "secret\n");
  }
  demo.fields["allow_debugger"] = "false";
  fs::remove(world.gate(demo));
  auto server = serve(world, demo);
  if (!is_sandboxed(server)) {
    skipped("this kernel has no Landlock");
    return;
  }
  const tcp_relay relay{world.gate(demo)};
  const auto result = world.git.git({"clone", "-q", url(relay), "sandboxed"});
  CHECK_FALSE(result.ok());
  CHECK_FALSE(fs::exists(world.git.dir / "sandboxed/file"));
}

TEST_CASE("hooks run from the private directory only") {
  const container_world world;
  const container demo;
  auto server = serve(world, demo);
  auto plant = [&](const fs::path& hooks, const std::string& name) {
    fs::create_directories(hooks);
    std::ofstream{hooks / "post-receive"} << "#!/bin/sh\ntouch " << name
                                          << "\n";
    fs::permissions(hooks / "post-receive", fs::perms::owner_all);
  };
  plant(world.git.repository() / "hooks", "ran-from-the-repository");
  plant(world.gate_private(demo) / "hooks", "ran-from-the-private-one");
  const tcp_relay relay{world.gate(demo)};
  world.git.commit("work", "file", "x");
  world.git.must_git({"push", "-q", relay.url(), "main"}, "work");
  CHECK(fs::exists(world.git.repository() / "ran-from-the-private-one"));
  CHECK_FALSE(fs::exists(world.git.repository() / "ran-from-the-repository"));
}

// The program of the hooks is below /tmp here, as for a user who built it
// there. It need not be in the supervisor's directory.
TEST_CASE("our hooks run from any directory that has their program") {
  const container_world world;
  const container demo;
  const auto hooks = world.gate_private(demo) / "hooks";
  const auto program = world.git.dir / "terok-gate";
  fs::copy_file(terok_gate(), program);
  child_options options;
  options.argv = {program, "--install-hooks", hooks};
  child install{std::move(options)};
  REQUIRE(install.wait() == exited(0));
  fs::permissions(world.gate_private(demo), fs::perms::owner_all);
  auto server = serve(world, demo);
  INFO(server.err());
  CHECK(server.err().find("a hook cannot be run") == std::string::npos);
  const tcp_relay relay{world.gate(demo)};
  world.git.commit("work", "file", "x");
  world.git.must_git({"push", "-q", relay.url(), "main:b"}, "work");
  world.git.must_git({"push", "-q", relay.url(), ":b"}, "work");
  CHECK(world.git.in_mirror({"for-each-ref", "refs/terok/backup/b"}) != "");
}

TEST_CASE("hooks find a private TMPDIR") {
  const container_world world;
  const container demo;
  auto server = serve(world, demo);
  const auto hook = world.gate_private(demo) / "hooks/pre-receive";
  std::ofstream{hook} << "#!/bin/sh\nmktemp >made\n";
  fs::permissions(hook, fs::perms::owner_all);
  const tcp_relay relay{world.gate(demo)};
  world.git.commit("work", "file", "x");
  world.git.must_git({"push", "-q", relay.url(), "main"}, "work");
  const auto made = read_file(world.git.repository() / "made");
  CHECK(made.starts_with((world.gate_private(demo) / "tmp/").string()));
}

} // namespace supervise_gate_tests
