// The sandbox of the programs. All other tests of hubs with a helper, of gates
// and of supervise-child also run in the sandbox, so they show that the
// programs still work.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <filesystem>

namespace sandbox_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

struct facts {
  std::string no_new_privs;
  std::string seccomp;

  friend bool operator==(const facts&, const facts&) = default;
};

std::ostream& operator<<(std::ostream& out, const facts& x) {
  return out << "NoNewPrivs " << x.no_new_privs << ", Seccomp " << x.seccomp;
}

/// The facts of the process. Checks that all its threads have the same facts.
facts facts_of(pid_t pid) {
  facts result{status_of(pid, "NoNewPrivs"), status_of(pid, "Seccomp")};
  for (const auto& each :
       fs::directory_iterator{"/proc/" + std::to_string(pid) + "/task"}) {
    const auto thread = std::stoi(each.path().filename());
    CHECK(facts{status_of(thread, "NoNewPrivs"), status_of(thread, "Seccomp")}
          == result);
  }
  return result;
}

const facts open_to_all{"0", "0"};
const facts sandboxed{"1", "2"};

hub_options with_helper(std::vector<std::string> arguments = {}) {
  hub_options result;
  result.arguments = std::move(arguments);
  return result;
}

bool skip() {
  if (has_landlock() && has_seccomp())
    return false;
  skipped("needs Landlock and seccomp, in this kernel and this build");
  return true;
}

} // namespace

TEST_CASE("a hub with a helper has a sandbox, on all its threads") {
  if (skip())
    return;
  const runtime where;
  hub server{where, with_helper({"--sandbox", "required"})};
  CHECK(facts_of(server.pid()) == sandboxed);
  CHECK(thread_count(server.pid()) > 1);
  server.process().await_err("sandbox=yes");
  CHECK(server.stop() == exited(0));
  CHECK_FALSE(fs::exists(where.clearance())); // it may remove its own socket
  CHECK_FALSE(fs::exists(where.reader()));
}

TEST_CASE("with --sandbox off a hub has no sandbox, and its log says so") {
  const runtime where;
  std::vector<std::string> arguments{"--sandbox", "off"};
  SUBCASE("set on the command line") {
  }
  SUBCASE("set in a file") {
    write_file(where.dir / "c.toml", "[serve]\nsandbox = \"off\"\n");
    arguments = {"--config", where.dir / "c.toml"};
  }
  hub server{where, with_helper(arguments)};
  server.process().await_err(R"(sandbox="no: --sandbox off")");
  CHECK(facts_of(server.pid()) == open_to_all);
}

// The process that executes verdicts, and every process that the shield starts,
// must reach podman.
TEST_CASE(
    "a process that executes verdicts has no sandbox, and its log says so") {
  const runtime where;
  const fake_shield shield;
  const std::string said =
      R"(sandbox="no: this process executes verdicts, which need podman")";
  SUBCASE("a hub that runs the shield") {
    hub_options options;
    options.shield = shield.program();
    hub server{where, options};
    server.process().await_err(said);
    CHECK(facts_of(server.pid()) == open_to_all);
  }
  SUBCASE("a helper") {
    const auto helper =
        start(serve_verdict(where, shield.program()), {where.verdict()});
    helper.await_err(said);
    CHECK(facts_of(helper.pid()) == open_to_all);
  }
}

TEST_CASE("a hub that executes verdicts takes no --sandbox") {
  const runtime where;
  hub_options options;
  options.inline_verdict = true;
  options.arguments = {"--sandbox", "required"};
  child process{serve(where, options)};
  CHECK(process.wait() == exited(2));
  CHECK(process.err().starts_with(
      "terok-clearance: --inline-verdict excludes --sandbox\n"));
}

TEST_CASE("a hub in its sandbox that cannot bind says why in one line") {
  const runtime where;
  fs::create_directory(where.directory());
  fs::permissions(where.directory(), fs::perms{0755});
  child process{serve(where, with_helper())};
  CHECK(process.wait() == exited(1));
  CHECK(process.err()
        == "terok-clearance: cannot bind the reader socket "
               + where.reader().string() + ": directory "
               + where.directory().string()
               + " is accessible to group or others (mode 0755, needs "
                 "0700)\n");
}

} // namespace sandbox_tests
