// All services of one container in one parent process, as terok's hook starts
// them. Source: supervisor.md, section 2a.

#include "test/end_to_end/world/container_world.hpp"
#include "test/support/doubles/fake_shield.hpp"
#include "test/support/net/http_client.hpp"
#include "test/support/net/varlink_client.hpp"
#include "test/support/process/process_facts.hpp"

#include <doctest/doctest.h>

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

namespace supervise_parent_tests {

namespace {

using namespace clearance::test;
namespace fs = std::filesystem;

struct parent_world {
  container_world world;
  fake_shield shield;
  container demo;
  fs::path calls = world.git.dir / "calls";

  /// A program that plays vault and signer. It writes into a file how it was
  /// called and when it got SIGTERM.
  fs::path service_program(const std::string& more = "") const {
    const auto path = world.git.dir / "their-service";
    write_file(path, "#!/bin/sh\n"
                     "trap 'echo \"end $1\" >>"
                         + calls.string()
                         + "; exit 0' TERM\n"
                           "echo \"start $*\" >>"
                         + calls.string() + "\n" + more
                         + "while :; do sleep 1000 & wait $!; done\n");
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }

  child_options options(std::vector<std::string> more = {}) {
    std::vector<std::string> words{"supervisor", demo.id, world.add(demo)};
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {"--shield", shield.program()});
    return world.supervisor(std::move(words));
  }

  /// Starts a parent and returns when hub and gate serve.
  child start(std::vector<std::string> more) {
    child result{options(std::move(more))};
    await_serving(result);
    return result;
  }

  void await_serving(const child& x) const {
    const deadline guard;
    for (const auto& path :
         {world.clearance(demo), world.reader(demo), world.gate(demo)})
      while (!accepts(path))
        guard.pace("a server at " + path.string() + "; stderr:\n" + x.err(),
                   {x.pidfd()});
  }

  void await_calls(const std::string& text, const child& x) const {
    const deadline guard;
    while (!fs::exists(calls)
           || read_file(calls).find(text) == std::string::npos)
      guard.pace("`" + text + "`; stderr:\n" + x.err(), {x.pidfd()});
  }

  void check_verdict() {
    const auto x = block_of(demo);
    varlink_client watcher{world.clearance(demo)};
    watcher.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
    watcher.socket().await_taken();
    raw_socket{world.reader(demo)}.send(x.line());
    CHECK(watcher.next_event() == x.event());
    varlink_client caller{world.clearance(demo)};
    CHECK(caller.verdict(x.container, x.request_id, x.dest, "deny")
          == success(R"({"ok":true})"));
    CHECK(shield.next_run().arguments
          == std::vector<std::string>{"deny", "0123456789ab", x.dest});
  }

  void check_cleaned_up() const {
    CHECK_FALSE(fs::exists(world.clearance(demo).parent_path()));
    CHECK_FALSE(fs::exists(world.reader(demo).parent_path()));
    CHECK_FALSE(fs::exists(world.runtime_dir() / "run" / demo.name));
  }
};

// What Prometheus reads at the socket.
std::string counters_at(const fs::path& socket) {
  const auto got =
      http_client{raw_socket{socket}}.call(http_request("GET", "/metrics"));
  CHECK(got.status == 200);
  return got.body;
}

bool has_family(const std::string& text, const std::string& name) {
  return text.find("# TYPE " + name + " ") != std::string::npos;
}

child sleeper() {
  return child{{{"/bin/sleep", "1000"}, {}, {}, {}, {}, false, "/"}};
}

} // namespace

TEST_CASE("a parent serves a container until its first process ends") {
  parent_world s;
  auto init = sleeper();
  auto parent =
      s.start({std::to_string(init.pid()), "--delegate", s.service_program()});
  const auto arguments =
      s.demo.id + " " + s.world.sidecar_path(s.demo).string();
  s.await_calls("start vault " + arguments + "\n", parent);
  s.await_calls("start signer " + arguments + "\n", parent);
  s.check_verdict();
  // a file that the container left in the mounted directory
  write_file(s.world.gate(s.demo).parent_path() / "left", "x");
  init.kill(SIGKILL);
  CHECK(parent.wait() == exited(0));
  s.await_calls("end signer", parent);
  s.await_calls("end vault", parent);
  s.check_cleaned_up();
}

TEST_CASE("SIGTERM ends a parent with 0") {
  parent_world s;
  auto init = sleeper();
  auto parent = s.start({std::to_string(init.pid()), "--delegate", "none"});
  parent.kill(SIGTERM);
  CHECK(parent.wait() == exited(0));
  s.check_cleaned_up();
}

TEST_CASE(
    "without a pid the parent waits with podman for the container's end") {
  parent_world s;
  const auto directory = s.world.git.dir / "bin";
  fs::create_directory(directory);
  const auto go = s.world.git.dir / "go";
  REQUIRE(::mkfifo(go.c_str(), 0600) == 0);
  write_file(directory / "podman", "#!/bin/sh\necho \"podman $*\" >>"
                                       + s.calls.string() + "\nread x <"
                                       + go.string() + "\nexit 0\n");
  fs::permissions(directory / "podman", fs::perms::owner_all);
  auto options = s.options({"--delegate", "none"});
  options.environment.emplace_back("PATH",
                                   directory.string() + ":/usr/bin:/bin");
  child parent{std::move(options)};
  s.await_serving(parent);
  s.await_calls("podman wait " + s.demo.id + "\n", parent);
  write_file(go, "end\n");
  CHECK(parent.wait() == exited(0));
  s.check_cleaned_up();
}

TEST_CASE("a delegated service that dies is started again") {
  parent_world s;
  auto init = sleeper();
  auto parent =
      s.start({std::to_string(init.pid()), "--delegate",
               s.service_program(
                   "test -e " + (s.world.git.dir / "$1").string() + " || { : >"
                   + (s.world.git.dir / "$1").string() + "; exit 7; }\n")});
  parent.await_err("a delegated service ended and is started again "
                   "container=demo service=vault why=\"exit code 7\"");
  const deadline guard;
  for (const std::string name : {"vault", "signer"})
    for (;;) {
      const auto text = read_file(s.calls);
      const auto first = text.find("start " + name);
      if (first != text.npos
          && text.find("start " + name, first + 1) != text.npos)
        break;
      guard.pace("a second start of " + name, {parent.pidfd()});
    }
  // hub and gate are not affected
  s.check_verdict();
}

TEST_CASE("with --isolate hub and gate are children that terok can find") {
  parent_world s;
  auto init = sleeper();
  auto parent =
      s.start({std::to_string(init.pid()), "--delegate", "none", "--isolate"});
  s.check_verdict();
  const auto children = await_descendants(parent.pid(), 2);
  CHECK(children.size() == 2);
  for (const auto& each : children) {
    const auto line = read_file("/proc/" + std::to_string(each) + "/cmdline");
    using namespace std::string_literals;
    CHECK(line.find("\0terok_sandbox\0supervise-child\0"s) != line.npos);
    CHECK(status_of(each, "NoNewPrivs") == "1");
  }
  const auto own =
      read_file("/proc/" + std::to_string(parent.pid()) + "/cmdline");
  CHECK(own.find("terok_sandbox") == own.npos);
  init.kill(SIGKILL);
  CHECK(parent.wait() == exited(0));
  await_gone(children);
  s.check_cleaned_up();
}

TEST_CASE("a parent serves the counters of hub and gate") {
  parent_world s;
  auto init = sleeper();
  const auto directory = s.world.git.dir / "metrics";
  auto parent = s.start({std::to_string(init.pid()), "--delegate", "none",
                         "--metrics", directory.string() + "/"});
  const auto text = counters_at(directory / "0123456789ab.sock");
  CHECK(has_family(text, "terok_clearance_events_total"));
  CHECK(has_family(text, "terok_gate_requests_total"));
  parent.kill(SIGTERM);
  CHECK(parent.wait() == exited(0));
  CHECK_FALSE(fs::exists(directory / "0123456789ab.sock"));
}

TEST_CASE("with --isolate hub and gate serve their own counters, and SIGHUP "
          "reaches the hub") {
  parent_world s;
  auto init = sleeper();
  const auto directory = s.world.git.dir / "metrics";
  const temp_dir policy;
  write_file(policy / "a.toml", "version = 1\n");
  auto parent = s.start({std::to_string(init.pid()), "--delegate", "none",
                         "--isolate", "--metrics", directory.string() + "/",
                         "--policy", policy.path()});
  const auto hub = counters_at(directory / "0123456789ab-clearance.sock");
  CHECK(has_family(hub, "terok_clearance_events_total"));
  CHECK_FALSE(has_family(hub, "terok_gate_requests_total"));
  const auto gate = counters_at(directory / "0123456789ab-gate.sock");
  CHECK(has_family(gate, "terok_gate_requests_total"));
  CHECK_FALSE(has_family(gate, "terok_clearance_events_total"));
  write_file(policy / "a.toml", "version = 1\ndefault = \"deny\"\n");
  parent.kill(SIGHUP);
  parent.await_err("what no rule matches is left denied");
  parent.kill(SIGTERM);
  CHECK(parent.wait() == exited(0));
  // The gate has nothing to read again, and the signal would have ended it.
  CHECK(parent.err().find("a delegated service ended") == std::string::npos);
}

TEST_CASE("SIGHUP ends neither a parent nor a hub that is still starting") {
  parent_world s;
  auto init = sleeper();
  child parent{s.options(
      {std::to_string(init.pid()), "--delegate", "none", "--isolate"})};
  parent.await_err("parent: starting");
  const deadline guard;
  while (!accepts(s.world.clearance(s.demo))) {
    parent.kill(SIGHUP);
    guard.pace("the hub's socket; stderr:\n" + parent.err(), {parent.pidfd()});
  }
  s.check_verdict();
  parent.kill(SIGTERM);
  CHECK(parent.wait() == exited(0));
  CHECK(parent.err().find("a delegated service ended") == std::string::npos);
}

TEST_CASE("a parent whose services cannot start ends with 3") {
  parent_world s;
  s.demo.fields = {{"gate_token", ""}, {"gate_base_path", ""}};
  const auto taken = s.world.clearance(s.demo);
  fs::create_directories(taken.parent_path());
  write_file(taken, "precious");
  child parent{s.options({std::to_string(::getpid()), "--delegate", "none"})};
  CHECK(parent.wait() == exited(3));
  CHECK(parent.err().ends_with("terok-supervisor: no service of the container "
                               "could be started; the lines before say why\n"));
  CHECK(read_file(taken) == "precious");
}

TEST_CASE("a bad sidecar ends a parent with 2 and one line") {
  parent_world s;
  s.demo.fields = {{"runtime_dir", "7"}};
  child parent{s.options({std::to_string(::getpid())})};
  CHECK(parent.wait() == exited(2));
  CHECK(parent.err()
        == "terok-supervisor: " + s.world.sidecar_path(s.demo).string()
               + ": runtime_dir: is not a string\n");
}

TEST_CASE("a bad setting of the gate stops the gate only") {
  parent_world s;
  s.demo.fields = {{"project_id", R"("My Proj+1")"}};
  child parent{s.options({std::to_string(::getpid()), "--delegate", "none"})};
  parent.await_err("hub: serving");
  parent.await_err(
      "the gate is not started: the sidecar has a fault, correct it "
      "container=demo");
  s.check_verdict();
  parent.kill(SIGTERM);
  CHECK(parent.wait() == exited(0));
}

TEST_CASE("a container that has ended already is not served") {
  parent_world s;
  auto init = sleeper();
  const auto pid = std::to_string(init.pid());
  init.kill(SIGKILL);
  init.wait();
  child parent{s.options({pid, "--delegate", "none"})};
  CHECK(parent.wait() == exited(0));
  CHECK_FALSE(fs::exists(s.world.clearance(s.demo)));
}

} // namespace supervise_parent_tests
