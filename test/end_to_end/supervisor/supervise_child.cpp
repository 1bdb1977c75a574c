// One service in its own process. Source: supervisor.md, section 2.

#include "test/end_to_end/world/container_world.hpp"
#include "test/support/doubles/fake_shield.hpp"
#include "test/support/net/varlink_client.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace supervise_child_tests {

namespace {

using namespace clearance::test;
namespace fs = std::filesystem;

struct fixture {
  container_world world;
  container demo;

  std::vector<std::string> words(const std::string& service,
                                 std::vector<std::string> more = {}) {
    std::vector<std::string> result{"supervise-child", service, demo.id,
                                    world.add(demo)};
    result.insert(result.end(), more.begin(), more.end());
    return result;
  }

  /// Starts `service` and returns when it serves.
  child serve(const std::string& service, std::vector<std::string> more = {}) {
    child result{world.supervisor(words(service, std::move(more)))};
    result.await_err("serving");
    return result;
  }

  std::vector<fs::path> sockets(const std::string& service) const {
    if (service == "verdict")
      return {world.verdict(demo)};
    if (service == "gate")
      return {world.gate(demo)};
    return {world.clearance(demo), world.reader(demo)};
  }
};

const std::vector<std::string> services{"verdict", "clearance", "gate"};

} // namespace

TEST_CASE("each service listens where supervisor.md says, until SIGTERM") {
  fixture s;
  for (const auto& service : services) {
    CAPTURE(service);
    auto server = s.serve(service);
    for (const auto& path : s.sockets(service)) {
      CAPTURE(path);
      CHECK(mode_of(path) == 0600);
      CHECK(mode_of(path.parent_path()) == 0700);
      raw_socket{path};
    }
    server.kill(SIGTERM);
    CHECK(server.wait() == exited(0));
    for (const auto& path : s.sockets(service))
      CHECK_FALSE(fs::exists(path));
  }
}

TEST_CASE("a hub in its sandbox writes the audit trail of its container") {
  fixture s;
  const auto trails = s.world.git.dir / "trails";
  auto server = s.serve("clearance", {"--audit", trails, "--audit-sync"});
  server.kill(SIGTERM);
  CHECK(server.wait() == exited(0));
  const auto trail = read_file(trails / (s.demo.id.substr(0, 12) + ".jsonl"));
  CHECK(trail.find(R"("event":"start")") != trail.npos);
  CHECK(trail.find(R"("event":"stop")") != trail.npos);
  child other{s.world.supervisor(s.words("gate", {"--audit", "none"}))};
  CHECK(other.wait() == exited(2));
}

TEST_CASE("a hub in its sandbox reads the policy of its container") {
  fixture s;
  const temp_dir policy;
  write_file(policy / "a.toml", "version = 1\n");
  auto server = s.serve("clearance", {"--policy", policy.path()});
  server.await_err("no rules; what no rule matches is asked");
  write_file(policy / "a.toml", "version = 1\ndefault = \"deny\"\n");
  server.kill(SIGHUP);
  server.await_err("no rules; what no rule matches is left denied");
  server.kill(SIGTERM);
  CHECK(server.wait() == exited(0));
}

// The directory of the socket is mounted into the container, so it must hold no
// file that git obeys.
TEST_CASE("a gate's home and hooks are in a private directory, apart from its "
          "socket") {
  fixture s;
  auto server = s.serve("gate");
  const auto apart = s.world.gate_private(s.demo);
  for (auto name : {"", "home", "hooks", "tmp", "lock"})
    CHECK(mode_of(apart / name) == 0700);
  CHECK(fs::is_empty(apart / "home"));
  for (const auto& entry :
       fs::directory_iterator(s.world.gate(s.demo).parent_path()))
    CHECK(entry.path().filename().string().starts_with("gate-server.sock"));
}

TEST_CASE(
    "a bad sidecar causes one line with file and field, and exit code 2") {
  fixture s;
  auto check = [&](const container& bad, const std::string& service,
                   const std::string& text) {
    s.demo = bad;
    child server{s.world.supervisor(s.words(service))};
    CHECK(server.wait() == exited(2));
    CHECK(server.err()
          == "terok-supervisor: " + s.world.sidecar_path(bad).string() + ": "
                 + text + "\n");
  };
  for (const auto& service : services) {
    check({"a", "0123456789ab", {{"runtime_dir", ""}}}, service,
          "runtime_dir: is missing");
    check({"a", "0123456789ab", {{"runtime_dir", R"("t/s")"}}}, service,
          "runtime_dir: `t/s` is not an absolute path");
    check({"a", "0123456789ab", {{"init_pid", R"("1")"}}}, service,
          "init_pid: is not a number");
    check({"a", "0123456789ab", {{"container_name", "1}"}}}, service,
          "not JSON");
  }
  check({"a", "0123456789ab", {{"gate_token", ""}}}, "gate",
        "gate_token: is missing: a gate needs gate_base_path and gate_token");
  check({"a", "0123456789ab", {{"gate_token", ""}, {"gate_base_path", ""}}},
        "gate", "gate_base_path, gate_token: a gate needs both");
  child server{s.world.supervisor(
      {"supervise-child", "gate", "0123456789ab", "/nonexistent"})};
  CHECK(server.wait() == exited(2));
  CHECK(server.err()
        == "terok-supervisor: /nonexistent: No such file or directory\n");
  CHECK_FALSE(fs::exists(s.world.runtime_dir()));
}

TEST_CASE("a service that cannot bind ends with 4 and says why") {
  fixture s;
  for (const auto& service : services) {
    CAPTURE(service);
    const auto path = s.sockets(service).front();
    fs::create_directories(path.parent_path());
    for (auto x = path.parent_path(); x != s.world.git.dir.path();
         x = x.parent_path())
      fs::permissions(x, fs::perms::owner_all);
    write_file(path, "precious");
    child server{s.world.supervisor(s.words(service))};
    CHECK(server.wait() == exited(4));
    CHECK(server.err().find(path.string()
                            + ": there is something that is not "
                              "a socket\n")
          != std::string::npos);
    CHECK(read_file(path) == "precious");
  }
}

// terok's launcher passes the name or the id.
TEST_CASE("a service accepts a name in place of the container's id") {
  fixture s;
  s.demo.id = "demo-1";
  s.demo.fields["container_id"] = ""; // terok never writes an id
  for (const auto& service : services) {
    CAPTURE(service);
    auto server = s.serve(service);
    for (const auto& path : s.sockets(service))
      raw_socket{path};
    if (service != "clearance")
      continue;
    varlink_client watcher{s.world.clearance(s.demo)};
    watcher.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
    watcher.socket().await_taken();
    block x;
    x.container = "demo-1";
    raw_socket{s.world.reader(s.demo)}.send(x.line());
    CHECK(watcher.next_event() == x.event());
  }
}

// An older installation left these directories with mode 0755.
TEST_CASE("a service closes its own directories to others") {
  fixture s;
  for (const auto& service : services)
    for (const auto& path : s.sockets(service)) {
      fs::create_directories(path.parent_path());
      fs::permissions(path.parent_path(), fs::perms(0755));
    }
  const auto apart = s.world.gate_private(s.demo);
  for (auto name : {"home", "hooks"}) {
    fs::create_directories(apart / name);
    fs::permissions(apart / name, fs::perms(0755));
  }
  for (const auto& service : services) {
    CAPTURE(service);
    auto server = s.serve(service);
    for (const auto& path : s.sockets(service))
      CHECK(mode_of(path.parent_path()) == 0700);
  }
  for (auto name : {"home", "hooks"})
    CHECK(mode_of(apart / name) == 0700);
}

TEST_CASE(
    "the missing parents of a private directory are made with mode 0755") {
  fixture s;
  auto server = s.serve("clearance");
  const auto directory = s.world.clearance(s.demo).parent_path();
  CHECK(mode_of(directory) == 0700);
  CHECK(mode_of(directory.parent_path()) == 0755);
}

// The container can write in the directory that is mounted into it. So it could
// hold a lock there for ever.
TEST_CASE(
    "a gate that was killed starts again although its container holds a lock") {
  fixture s;
  {
    auto server = s.serve("gate");
    CHECK(fs::exists(s.world.gate_private(s.demo)
                     / "lock/gate-server.sock.lock"));
    for (const auto& entry :
         fs::directory_iterator(s.world.gate(s.demo).parent_path()))
      CHECK(entry.path().filename() == "gate-server.sock");
    server.kill(SIGKILL);
    server.wait();
  }
  auto beside = s.world.gate(s.demo);
  beside += ".lock";
  const unique_fd lock{::open(beside.c_str(), O_RDWR | O_CREAT, 0600)};
  REQUIRE(::flock(lock.get(), LOCK_EX | LOCK_NB) == 0);
  auto server = s.serve("gate");
  raw_socket{s.world.gate(s.demo)};
}

// terok's hook runs with a PATH of the system's directories only, but pipx
// installs programs into ~/.local/bin.
TEST_CASE("the shield is found where people install it") {
  fixture s;
  fake_shield named;
  fake_shield at_home;
  fake_shield on_path;
  const auto home = s.world.git.dir / "home";
  const auto bin = s.world.git.dir / "bin";
  fs::create_directories(home / ".local/bin");
  fs::create_directories(bin);
  const auto runs = [&](std::vector<std::pair<std::string, std::string>> with,
                        std::vector<std::string> more, fake_shield& expected) {
    auto options = s.world.supervisor(s.words("verdict", std::move(more)));
    options.environment.emplace_back("HOME", home.string());
    options.environment.emplace_back("PATH", bin.string() + ":/usr/bin:/bin");
    for (auto& each : with)
      options.environment.push_back(std::move(each));
    child server{std::move(options)};
    server.await_err("serving");
    CHECK(server.err().find("the shield is not found") == std::string::npos);
    varlink_client hub{s.world.verdict(s.demo)};
    CHECK(hub.call("org.terok.ClearanceVerdict1.Apply",
                   R"({"container":"0123456789ab","dest":"203.0.113.7",)"
                   R"("action":"allow"})")
              .error
          == "");
    CHECK(expected.next_run().arguments.size() == 3);
  };
  at_home.install(home / ".local/bin");
  runs({}, {}, at_home);
  on_path.install(bin);
  runs({}, {}, on_path);
  const auto settings = s.world.git.dir / "settings.toml";
  fake_shield configured;
  write_file(settings, "[supervise-child]\nshield = '"
                           + configured.program().string() + "'\n");
  runs({}, {"--config", settings}, configured);
  runs({{"TEROK_SHIELD", named.program().string()}}, {"--config", settings},
       named);
  fake_shield given;
  runs({{"TEROK_SHIELD", named.program().string()}},
       {"--config", settings, "--shield", given.program()}, given);
}

TEST_CASE("a service ends with the process that started it") {
  for (const auto& service : services) {
    CAPTURE(service);
    fixture s;
    auto options = s.world.supervisor(s.words(service));
    options.argv.insert(options.argv.begin(),
                        {"/bin/sh", "-c", "\"$@\" & wait", "sh"});
    child parent{std::move(options)};
    parent.await_err("serving");
    const auto ours = await_descendants(parent.pid());
    CHECK(ours.size() == 1);
    parent.kill(SIGKILL);
    await_gone(ours);
    // The service got a signal that it handles, not SIGKILL: it has removed its
    // sockets.
    for (const auto& path : s.sockets(service))
      CHECK_FALSE(fs::exists(path));
  }
}

// In a process namespace of its own the shell is process 1. A service whose
// parent has ended before it looks sees process 1 as its parent, too.
TEST_CASE("a service whose parent has ended already ends with 4") {
  fixture s;
  auto options = s.world.supervisor(s.words("clearance"));
  options.argv.insert(options.argv.begin(),
                      {"/usr/bin/unshare", "--user", "--map-root-user", "--pid",
                       "--fork", "/bin/sh", "-c", "\"$@\"; exit $?", "sh"});
  child probe{[&] {
    auto x = options;
    x.argv.resize(6);
    x.argv.back() = "/bin/true";
    return x;
  }()};
  if (probe.wait() != exited(0)) {
    skipped("needs unshare");
    return;
  }
  child orphan{std::move(options)};
  CHECK(orphan.wait() == exited(4));
  CHECK(orphan.err()
        == "terok-supervisor: the parent process has ended already\n");
}

TEST_CASE("a service writes no core file and gains no privileges") {
  fixture s;
  for (const auto& service : services) {
    CAPTURE(service);
    auto server = s.serve(service);
    const auto limits =
        read_file("/proc/" + std::to_string(server.pid()) + "/limits");
    const auto core = limits.find("Max core file size");
    REQUIRE(core != std::string::npos);
    CHECK(limits.substr(core + 26, 22) == "0                    0");
    // The verdict service runs podman, and podman may need more privileges.
    CHECK(status_of(server.pid(), "NoNewPrivs")
          == (service == "verdict" ? "0" : "1"));
    CHECK(status_of(server.pid(), "Seccomp")
          == (service == "verdict" || !has_seccomp() ? "0" : "2"));
    CHECK((server.err().find("sandbox=yes") != std::string::npos)
          == (service != "verdict" && has_landlock() && has_seccomp()));
  }
}

TEST_CASE("a process can be traced only if its sidecar has allow_debugger") {
  if (::getuid() != 0 || !fs::exists("/usr/bin/setpriv")) {
    skipped("needs root and setpriv");
    return;
  }
  constexpr uid_t somebody = 65534;
  for (const bool debugger : {false, true}) {
    fixture s;
    s.demo.fields["allow_debugger"] = debugger ? "true" : "false";
    auto options = s.world.supervisor(s.words("clearance"));
    // A copy, because the build directory may be closed to others.
    const auto copy = s.world.git.dir / "terok-supervisor";
    fs::copy_file(terok_supervisor(), copy);
    for (const auto& path : {s.world.git.dir.path(),
                             s.world.sidecar_path(s.demo), s.world.sidecars()})
      REQUIRE(::chown(path.c_str(), somebody, somebody) == 0);
    options.argv.front() = copy;
    options.argv.insert(options.argv.begin(),
                        {"/usr/bin/setpriv", "--reuid", "65534", "--regid",
                         "65534", "--clear-groups"});
    child server{std::move(options)};
    server.await_err("serving");
    struct stat info {};
    const auto path = "/proc/" + std::to_string(server.pid()) + "/environ";
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK(info.st_uid == (debugger ? somebody : 0));
    CHECK((server.err().find("allow_debugger is set in the sidecar")
           != std::string::npos)
          == debugger);
  }
}

TEST_CASE("hub and verdict service work together") {
  fixture s;
  fake_shield shield;
  auto executor = s.serve("verdict", {"--shield", shield.program()});
  CHECK(executor.err().find("which need podman") != std::string::npos);
  auto hub = s.serve("clearance");
  varlink_client watcher{s.world.clearance(s.demo)};
  watcher.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  watcher.socket().await_taken();
  raw_socket reader{s.world.reader(s.demo)};
  const auto x = block_of(s.demo);
  reader.send(x.line());
  CHECK(watcher.next_event() == x.event());
  varlink_client caller{s.world.clearance(s.demo)};
  CHECK(caller.verdict(x.container, x.request_id, x.dest, "allow")
        == success(R"({"ok":true})"));
  CHECK(shield.next_run().arguments
        == std::vector<std::string>{"allow", "0123456789ab", x.dest});
}

} // namespace supervise_child_tests
