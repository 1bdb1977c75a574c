// What a service inherits from the program that starts it: every limit of the
// kernel, ignored or blocked signals, the role of process 1, a user without a
// number. The service serves, or says in one line why it cannot.

#include "test/end_to_end/world/container_world.hpp"
#include "test/end_to_end/world/deployment.hpp"
#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <signal.h>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace inherited_tests {

using namespace clearance::test;

namespace {

constexpr rlim_t kib = 1024;
constexpr rlim_t mib = 1024 * kib;

struct limit {
  const char* name;
  int which;
  std::vector<rlim_t> low; ///< the test also tries the hard limit
};

/// All limits that getrlimit(2) knows. With lower values than these the kernel
/// or the loader ends the program before its first line.
const std::vector<limit> limits{
    {"AS", RLIMIT_AS, {64 * mib, 96 * mib, 256 * mib}},
    {"CORE", RLIMIT_CORE, {0}},
    {"CPU", RLIMIT_CPU, {60}},
    {"DATA", RLIMIT_DATA, {4 * mib, 8 * mib, 32 * mib}},
    {"FSIZE", RLIMIT_FSIZE, {0, 100}},
    {"LOCKS", RLIMIT_LOCKS, {0}},
    {"MEMLOCK", RLIMIT_MEMLOCK, {0, 64 * kib}},
    {"MSGQUEUE", RLIMIT_MSGQUEUE, {0}},
    {"NICE", RLIMIT_NICE, {0}},
    {"NOFILE", RLIMIT_NOFILE, {6, 8, 10, 12, 16, 64}},
    {"NPROC", RLIMIT_NPROC, {0, 1, 4}},
    {"RSS", RLIMIT_RSS, {0}},
    {"RTPRIO", RLIMIT_RTPRIO, {0}},
    {"RTTIME", RLIMIT_RTTIME, {1000}},
    {"SIGPENDING", RLIMIT_SIGPENDING, {0, 1}},
    {"STACK", RLIMIT_STACK, {256 * kib, mib}},
};

/// The command that runs `program` with this limit.
std::vector<std::string> limited(const limit& x, rlim_t value,
                                 const std::string& program) {
  std::string option = "--";
  for (const char* at = x.name; *at != '\0'; ++at)
    option += static_cast<char>(*at - 'A' + 'a');
  const auto text =
      value == RLIM_INFINITY ? "unlimited" : std::to_string(value);
  return {"/usr/bin/prlimit", option + "=" + text + ":" + text, program};
}

/// Checks that the program serves until SIGTERM, or ends by itself with one
/// line.
void serves_or_says(child_options options, const std::filesystem::path& socket,
                    const std::string& name) {
  child process{std::move(options)};
  const deadline guard;
  while (process.running() && !accepts(socket))
    guard.pace("a server or its end", {process.pidfd()});
  process.kill(SIGTERM);
  const auto end = process.wait();
  const auto said = process.err();
  CAPTURE(end);
  CAPTURE(said);
  if (end == exited(0))
    return;
  CHECK(end == exited(1));
  // The audit trail's own thread, and nobody else, may log a line before.
  REQUIRE(said.ends_with('\n'));
  const auto begin =
      said.find('\n') == said.size() - 1 ? std::size_t{0} : said.find('\n') + 1;
  CHECK((begin == 0 || said.find(" warning audit: ") < begin));
  CHECK(said.compare(begin, name.size() + 2, name + ": ") == 0);
  CHECK(said.find('\n', begin) == said.size() - 1);
}

bool can_unshare(const char* option) {
  child_options options;
  options.argv = {"/usr/bin/unshare", option, "--fork", "/bin/true"};
  try {
    child process{std::move(options)};
    return process.wait() == exited(0);
  } catch (const std::exception&) {
    return false;
  }
}

child_options unshared(const std::vector<std::string>& how,
                       child_options options) {
  std::vector<std::string> argv{"/usr/bin/unshare"};
  argv.insert(argv.end(), how.begin(), how.end());
  argv.insert(argv.end(), options.argv.begin(), options.argv.end());
  options.argv = std::move(argv);
  return options;
}

} // namespace

TEST_CASE("the table has every limit of this kernel") {
  CHECK(limits.size() == RLIM_NLIMITS);
}

TEST_CASE("with any limit a hub serves or says why it cannot") {
  for (const auto& x : limits) {
    struct rlimit now {};
    REQUIRE(::getrlimit(static_cast<__rlimit_resource_t>(x.which), &now) == 0);
    auto values = x.low;
    values.push_back(now.rlim_max);
    for (const auto value : values) {
      if (value > now.rlim_max)
        continue;
      CAPTURE(x.name);
      CAPTURE(value);
      const runtime where;
      hub_options options;
      options.process.argv = limited(x, value, terok_clearance());
      serves_or_says(serve(where, std::move(options)), where.clearance(),
                     "terok-clearance");
    }
  }
}

TEST_CASE("with any limit a gate serves or says why it cannot") {
  const gate_world world;
  for (const auto& x : limits) {
    CAPTURE(x.name);
    auto options = gate_on_socket(world);
    const auto words = limited(x, x.low.back(), options.argv.front());
    options.argv.erase(options.argv.begin());
    options.argv.insert(options.argv.begin(), words.begin(), words.end());
    serves_or_says(std::move(options), world.socket(), "terok-gate");
  }
}

TEST_CASE("signals that were ignored or blocked at the start work") {
  const runtime where;
  const fake_shield shield;
  hub_options options;
  options.shield = shield.program();
  auto& words = options.process.argv;
  SUBCASE("ignored") {
    words = {"/usr/bin/env", "--ignore-signal"};
  }
  SUBCASE("blocked") {
    words = {"/usr/bin/env", "--block-signal"};
  }
  SUBCASE("both") {
    words = {"/usr/bin/env", "--ignore-signal", "--block-signal"};
  }
  words.push_back(terok_clearance());
  hub server{where, std::move(options)};
  auto watcher = server.subscriber();
  server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  CHECK(server.client().verdict("c1", "c1:1", "203.0.113.7", "allow")
        == success(R"({"ok":true})"));
  server.process().kill(SIGUSR1);
  server.process().await_err("counters");
  CHECK(server.stop() == exited(0));
}

TEST_CASE("SIGHUP before the first step of a hub or a gate does not end it") {
  SUBCASE("a hub has the policy") {
    const runtime where;
    const temp_dir policy;
    hub_options options;
    options.process.has_early_hangup = true;
    options.arguments = {"--policy", policy.path()};
    hub server{where, std::move(options)};
    server.process().await_err("the policy is in force");
    CHECK(server.stop() == exited(0));
  }
  SUBCASE("a gate reads its grants again") {
    const gate_world world;
    const auto grants = world.dir / "grants.json";
    write_file(grants, R"({"grants":[{"token_sha256":")" + std::string(64, 'a')
                           + R"(","scope":"r","access":"read-only"}]})");
    auto options =
        gate_on_socket(world, {{"--grants", grants.string()}, {}, false});
    options.has_early_hangup = true;
    child server{std::move(options)};
    server.await_err("the grants are new");
    server.kill(SIGTERM);
    CHECK(server.wait() == exited(0));
  }
}

TEST_CASE("a program with nothing to read again says so on an early SIGHUP") {
  const runtime where;
  const container_world world;
  const fake_shield shield;
  const container demo;
  const std::vector<std::string> nothing{"--no-policy", "--audit", "none"};
  std::vector<std::string> words;
  child_options options;
  SUBCASE("a hub") {
    options = serve(where, {false, {}, nothing, {}});
  }
  SUBCASE("a hub without prompts") {
    options = serve(where, {false, {}, {"--no-prompts", "--audit=none"}, {}});
  }
  SUBCASE("a gate") {
    options = gate_on_socket(world.git);
  }
  SUBCASE("all containers of a user") {
    words = {"run", "--sidecar-dir", world.sidecars()};
  }
  SUBCASE("a container") {
    words = {"supervisor", demo.id, world.add(demo), std::to_string(::getpid()),
             "--delegate", "none"};
  }
  SUBCASE("a container whose hub is a process of its own") {
    words = {"supervisor", demo.id, world.add(demo), std::to_string(::getpid()),
             "--delegate", "none",  "--isolate"};
  }
  SUBCASE("the hub of a container") {
    words = {"supervise-child", "clearance", demo.id, world.add(demo)};
  }
  if (!words.empty()) {
    words.insert(words.end(), nothing.begin(), nothing.end());
    if (words.front() != "supervise-child")
      words.insert(words.end(), {"--shield", shield.program()});
    options = world.supervisor(std::move(words));
  }
  options.has_early_hangup = true;
  child server{std::move(options)};
  server.await_err("SIGHUP changes nothing: the ");
  server.kill(SIGTERM);
  CHECK(server.wait() == exited(0));
}

TEST_CASE("SIGHUP ends what does not read settings again, also an early one") {
  const runtime where;
  child_options options;
  SUBCASE("a client") {
    options.argv = {terok_clearance(), "watch", "--clearance-socket",
                    where.clearance()};
  }
  SUBCASE("the verdict helper") {
    options = serve_verdict(where, "/bin/true");
  }
  SUBCASE("a command of the gate") {
    options.argv = {terok_gate(), "--install-hooks", where.directory()};
  }
  options.has_early_hangup = true;
  child program{std::move(options)};
  CHECK(program.wait() == ending{{}, SIGHUP});
}

TEST_CASE("signals that wake the main thread without a reason do nothing") {
  const runtime where;
  hub server{where};
  server.process().kill(SIGURG);
  CHECK(server.client().call("org.varlink.service.GetInfo").error == "");
  server.process().kill(SIGUSR1);
  server.process().await_err("counters");
  CHECK(server.stop() == exited(0));
}

TEST_CASE("a hub that is process 1 leaves no zombie of its shield") {
  if (!can_unshare("--pid")) {
    skipped("cannot make a namespace of processes");
    return;
  }
  const runtime where;
  // The shield does not wait for its child and ends before it.
  const auto shield = where.dir / "shield";
  write_file(shield, "#!/bin/sh\nsetsid /bin/true &\nexit 0\n");
  std::filesystem::permissions(shield, std::filesystem::perms{0700});
  hub_options options;
  options.shield = shield;
  auto process = start(unshared({"--pid", "--fork", "--kill-child"},
                                serve(where, std::move(options))),
                       {where.clearance(), where.reader()});
  raw_socket reader{where.reader()};
  varlink_client watcher{where.clearance()};
  watcher.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  watcher.socket().await_taken();
  for (int i = 0; i < 5; ++i) {
    reader.send(block{}.line());
    CHECK(watcher.next_event() == block{}.event());
    CHECK(varlink_client{where.clearance()}.verdict("c1", "c1:1", "203.0.113.7",
                                                    "allow")
          == success(R"({"ok":true})"));
    CHECK(watcher.next_event().type == "verdict_applied");
  }
  const deadline guard;
  while (descendants(process.pid()).size() > 2) // process 1 and the service
    guard.pace("the last zombie");
  REQUIRE(descendants(process.pid()).size() == 2);
  // Process 1 passes SIGTERM on to the service and returns its exit code.
  const auto one = descendants(process.pid())[0];
  CHECK(::kill(one, SIGTERM) == 0);
  CHECK(process.wait() == exited(0));
  CHECK_FALSE(std::filesystem::exists(where.clearance()));
}

TEST_CASE("a hub refuses to run as a user without a number of its own") {
  if (!can_unshare("--user")) {
    skipped("cannot make a namespace of users");
    return;
  }
  const runtime where;
  child process{unshared({"--user"}, serve(where))};
  CHECK(process.wait() == exited(1));
  CHECK(process.err().starts_with(
      "terok-clearance: uid 65534 stands for every user that"));
}

} // namespace inherited_tests
