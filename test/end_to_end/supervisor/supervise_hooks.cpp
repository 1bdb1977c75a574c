// The hooks of gates that terok-supervisor runs, in each of the three ways: in
// a process of its own, with all services of one container, and with many
// containers. Source: supervisor.md, section 2.

#include "test/end_to_end/world/container_world.hpp"
#include "test/support/doubles/fake_shield.hpp"
#include "test/support/process/process_facts.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace supervise_hooks_tests {

namespace {

using namespace clearance::test;
namespace fs = std::filesystem;

constexpr std::array<const char*, 3> ways{"supervise-child", "supervisor",
                                          "run"};

struct hooks_world {
  container_world world;
  fake_shield shield;
  container demo;
  /// a supervisor that finds no terok-gate beside itself; empty: the built one
  fs::path program;

  fs::path hooks() const { return world.gate_private(demo) / "hooks"; }

  child_options options(const std::string& way) const {
    const auto sidecar = world.add(demo);
    std::vector<std::string> words{way};
    if (way == "supervise-child")
      words.insert(words.end(), {"gate", demo.id, sidecar});
    else if (way == "supervisor")
      words.insert(words.end(), {demo.id, sidecar, std::to_string(::getpid()),
                                 "--delegate", "none"});
    else
      words.insert(words.end(), {"--sidecar-dir", world.sidecars()});
    if (way != "supervise-child")
      words.insert(words.end(), {"--shield", shield.program()});
    auto result = world.supervisor(std::move(words));
    if (!program.empty())
      result.argv.front() = program;
    return result;
  }

  /// Returns once the gate serves.
  child start(const std::string& way) const {
    child result{options(way)};
    const deadline guard;
    while (!accepts(world.gate(demo)))
      guard.pace("a gate; stderr:\n" + result.err(), {result.pidfd()});
    return result;
  }

  /// Pushes a branch and deletes it.
  void push_and_delete(const std::string& branch) const {
    const tcp_relay relay{world.gate(demo)};
    world.git.must_git({"push", "-q", relay.url(), "main:" + branch}, "work");
    world.git.must_git({"push", "-q", relay.url(), ":" + branch}, "work");
  }

  std::string saved(const std::string& branch) const {
    return world.git.in_mirror({"for-each-ref", "--format=%(objectname)",
                                "refs/terok/backup/" + branch});
  }

  /// A terok-supervisor without the other programs.
  void move_program() {
    program = world.git.dir / "bin/terok-supervisor";
    fs::create_directory(program.parent_path());
    fs::copy_file(terok_supervisor(), program);
  }
};

void stop(child& x) {
  x.kill(SIGTERM);
  CHECK(x.wait() == exited(0));
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t result = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
    ++result;
  return result;
}

} // namespace

TEST_CASE("each start of a gate writes the hooks that save what pushes take") {
  for (const std::string way : ways) {
    CAPTURE(way);
    const hooks_world s;
    s.world.git.commit("work", "file", "x");
    const auto tip = s.world.git.must_git({"rev-parse", "HEAD"}, "work");
    auto server = s.start(way);
    s.push_and_delete("first");
    CHECK(s.saved("first") == tip);
    stop(server);
    // What an older version or an accident may have left.
    fs::remove(s.hooks() / "pre-receive");
    auto next = s.start(way);
    s.push_and_delete("second");
    CHECK(s.saved("second") == tip);
    stop(next);
  }
}

TEST_CASE("a hook of the operator's own stays, and it is said") {
  for (const std::string way : ways) {
    CAPTURE(way);
    const hooks_world s;
    fs::create_directories(s.hooks());
    for (const auto& x : {s.hooks(), s.hooks().parent_path()})
      fs::permissions(x, fs::perms::owner_all);
    const auto hook = s.hooks() / "pre-receive";
    write_file(hook, "#!/bin/sh\ntouch ran\n");
    fs::permissions(hook, fs::perms::owner_all);
    s.world.git.commit("work", "file", "x");
    auto server = s.start(way);
    server.await_err("a hook of yours is in the place of ours");
    s.push_and_delete("b");
    CHECK(fs::exists(s.world.git.repository() / "ran"));
    CHECK(s.saved("b").empty());
    stop(server);
    CHECK(fs::exists(hook));
  }
}

TEST_CASE("that there is no terok-gate is said in one line") {
  for (const std::string way : ways) {
    CAPTURE(way);
    hooks_world s;
    s.move_program();
    if (way == "run")
      s.world.add({"other", "fedcba9876543210", {}});
    s.world.git.commit("work", "file", "x");
    auto server = s.start(way);
    s.push_and_delete("b");
    CHECK(s.saved("b").empty());
    stop(server);
    INFO(server.err());
    CHECK(count(server.err(), "terok-gate was not found") == 1);
  }
}

TEST_CASE("that the hooks cannot be run is said, and pushes are refused") {
  for (const std::string way : ways) {
    CAPTURE(way);
    hooks_world s;
    s.move_program();
    const auto broken = s.program.parent_path() / "terok-gate";
    write_file(broken, "#!/bin/sh\necho 'out of order' >&2\nexit 3\n");
    fs::permissions(broken, fs::perms::owner_all);
    s.world.git.commit("work", "file", "x");
    auto server = s.start(way);
    server.await_err("cannot be run: every push will be refused");
    server.await_err("why=\"out of order\"");
    const tcp_relay relay{s.world.gate(s.demo)};
    const auto pushed = s.world.git.git({"push", relay.url(), "main"}, "work");
    CHECK_FALSE(pushed.ok());
    CHECK(pushed.err.find("out of order") != std::string::npos);
    stop(server);
  }
}

TEST_CASE("lock files that a git has left are named at each gate's start") {
  for (const std::string way : ways) {
    CAPTURE(way);
    const hooks_world s;
    const auto lock = s.world.git.repository() / "refs/heads/main.lock";
    write_file(lock, "");
    fs::last_write_time(lock, fs::file_time_type::clock::now()
                                  - std::chrono::hours{1});
    auto server = s.start(way);
    server.await_err("lock files lie in the repository");
    server.await_err("first=" + lock.string());
    stop(server);
  }
}

TEST_CASE("a parent removes the hooks that it wrote") {
  const hooks_world s;
  auto parent = s.start("supervisor");
  CHECK(fs::exists(s.hooks() / "pre-receive"));
  stop(parent);
  CHECK_FALSE(fs::exists(s.hooks()));
}

} // namespace supervise_hooks_tests
