// What a gate and its git cannot reach: for whoever finds a fault in git that a
// push or a fetch can use.

#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <signal.h>

namespace gate_sandbox_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

bool skip() {
  if (has_landlock() && has_seccomp())
    return false;
  skipped("needs Landlock and seccomp, in this kernel and this build");
  return true;
}

/// A directory with a hook that runs at each push, as whoever took over git.
fs::path hooks(const gate_world& world, const std::string& script) {
  const auto directory = world.dir / "hooks";
  fs::create_directories(directory);
  write_file(directory / "pre-receive", "#!/bin/bash\n" + script + "\n");
  fs::permissions(directory / "pre-receive", fs::perms::owner_all);
  return directory;
}

gate_options with(std::vector<std::string> arguments) {
  return {std::move(arguments), {}, true};
}

/// What git says to a push of something new.
git_result push(const gate_world& world, const std::string& url) {
  static int count = 0;
  world.commit("work", "file", std::to_string(++count));
  return world.git({"push", url, "main"}, "work");
}

bool says(const gate& x, std::string_view text) {
  return x.process().err().find(text) != std::string::npos;
}

} // namespace

TEST_CASE("a gate and its git are in a sandbox, on a port and on a socket") {
  if (skip())
    return;
  const gate_world world;
  const auto seen = world.repository() / "seen";
  gate server{world,
              with({"--sandbox", "required", "--hooks-path",
                    hooks(world, "cat /proc/self/status >" + seen.string())})};
  CHECK(says(server, "sandbox=yes"));
  CHECK(push(world, server.url()).ok());
  const auto status = read_file(seen);
  for (const auto* line : {"NoNewPrivs:\t1\n", "Seccomp:\t2\n"}) {
    CAPTURE(line);
    CHECK(status.find(line) != std::string::npos);
  }
  const auto pid = server.process().pid();
  CHECK(status_of(pid, "NoNewPrivs") == "1");
  CHECK(status_of(pid, "Seccomp") == "2");
  CHECK(server.stop() == exited(0));
  // Its home is gone, too: what it made it may remove.
  for (const auto& entry : fs::directory_iterator{world.dir.path()})
    CHECK_FALSE(
        entry.path().filename().string().starts_with("terok-gate-home."));
  child on_socket{gate_on_socket(world, with({"--sandbox", "required"}))};
  on_socket.await_err("serving");
  CHECK(status_of(on_socket.pid(), "Seccomp") == "2");
  on_socket.kill(SIGTERM);
  CHECK(on_socket.wait() == exited(0));
  CHECK_FALSE(fs::exists(world.socket()));
}

TEST_CASE("a gate is open when it is told so, and says it") {
  const gate_world world;
  gate_options options = with({"--sandbox", "off"});
  SUBCASE("on the command line") {
  }
  SUBCASE("in a file") {
    write_file(world.dir / "c.toml", "sandbox = \"off\"\n");
    options = with({"--config", world.dir / "c.toml"});
  }
  gate server{world, options};
  CHECK(says(server, R"(sandbox="no: --sandbox off")"));
  CHECK(status_of(server.process().pid(), "NoNewPrivs") == "0");
  CHECK(status_of(server.process().pid(), "Seccomp") == "0");
}

// Everybody's repositories lie beside each other.
TEST_CASE("git behind the gate writes to no other repository") {
  if (skip())
    return;
  const gate_world world;
  const auto other = world.mirror_root() / "other.git";
  fs::create_directory(other);
  const auto attack = hooks(world, "echo x >" + (other / "x").string());
  {
    gate open{world, with({"--hooks-path", attack, "--sandbox", "off"})};
    CHECK(push(world, open.url()).ok());
    CHECK(fs::remove(other / "x"));
  }
  gate server{world, with({"--hooks-path", attack})};
  const auto result = push(world, server.url());
  CHECK_FALSE(result.ok());
  CHECK(result.err.find("Permission denied") != std::string::npos);
  CHECK_FALSE(fs::exists(other / "x"));
}

// With the token's file other tokens might lie, and keys below the home.
TEST_CASE("git behind the gate reads no file of the user's") {
  if (skip())
    return;
  const gate_world world;
  const auto secret = world.dir / "secret";
  write_file(secret, "x");
  for (const auto& path : {secret, world.token_file()}) {
    CAPTURE(path);
    gate server{world,
                with({"--hooks-path", hooks(world, "cat " + path.string())})};
    CHECK_FALSE(push(world, server.url()).ok());
  }
}

// The machine's other servers trust whoever comes from 127.0.0.1.
TEST_CASE("git behind the gate calls nobody over TCP") {
  if (skip())
    return;
  const gate_world world;
  const gate victim{world};
  const auto attack =
      hooks(world, "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(victim.port())
                       + " && echo reached");
  {
    const gate open{world, with({"--hooks-path", attack, "--sandbox", "off"})};
    CHECK(push(world, open.url()).ok());
  }
  if (landlock_abi() < 4) {
    skipped("this kernel's Landlock knows no TCP");
    return;
  }
  const gate server{world, with({"--hooks-path", attack})};
  const auto result = push(world, server.url());
  CHECK_FALSE(result.ok());
  CHECK(result.err.find("Permission denied") != std::string::npos);
}

// Nor to the processes of its user, who are the operator's.
TEST_CASE("git behind the gate ends no process but its own") {
  if (skip())
    return;
  if (landlock_abi() < 6) {
    skipped("this kernel's Landlock knows no signals");
    return;
  }
  const gate_world world;
  gate victim{world};
  const auto attack =
      hooks(world, "kill -TERM " + std::to_string(victim.process().pid()));
  gate server{world, with({"--hooks-path", attack})};
  CHECK_FALSE(push(world, server.url()).ok());
  CHECK(victim.process().running());
  CHECK(victim.stop() == exited(0));
}

TEST_CASE("a repository that comes later is served, with a warning at start") {
  const gate_world world;
  fs::rename(world.repository(), world.dir / "later");
  const gate server{world};
  if (has_landlock())
    CHECK(says(server, "the repository is not there yet"));
  fs::rename(world.dir / "later", world.repository());
  CHECK(push(world, server.url()).ok());
}

TEST_CASE("a grants file that is replaced is read again by a sandboxed gate") {
  const gate_world world;
  const auto file = world.dir / "settings" / "grants.json";
  fs::create_directory(file.parent_path());
  write_file(file, R"({"grants": []})");
  gate_options options{{"--grants", file}, {}, false};
  gate server{world, options};
  write_file(world.dir / "settings" / "new", R"({"grants": [{"token_sha256":
    "d2f4f3b2ed3fbed3b3d3cb5d3ea3d6bf3b6ae2ba4b4bce1a9c67a9ea3a45b0f2",
    "scope": "*", "access": "read-only"}]})");
  fs::rename(world.dir / "settings" / "new", file);
  server.process().kill(SIGHUP);
  server.process().await_err("the grants are new grants=1");
  CHECK(server.stop() == exited(0));
}

} // namespace gate_sandbox_tests
