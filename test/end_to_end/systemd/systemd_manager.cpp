// Our units under a real user manager of systemd, with a real journal. It shows
// what systemd_units.sh cannot see in the text of the units.

#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/end_to_end/world/manager_world.hpp"
#include "test/support/net/http_client.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/wire/json.hpp"
#include "test/support/wire/wire_event.hpp"

#include <doctest/doctest.h>

#include <signal.h>
#include <sstream>

namespace systemd_manager_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

constexpr auto hub = "clearance-hub.service";
constexpr auto helper = "clearance-verdict.service";

std::string namespace_of(pid_t pid, const std::string& name) {
  return fs::read_symlink("/proc/" + std::to_string(pid) + "/ns/" + name);
}

/// Checks that a process cannot do to the machine what its unit forbids.
void check_confined(pid_t pid) {
  CHECK_EQ(status_of(pid, "NoNewPrivs"), "1");
  CHECK_EQ(status_of(pid, "Seccomp"), "2");
  for (auto set : {"CapEff", "CapPrm", "CapBnd", "CapAmb"}) {
    CAPTURE(set);
    CHECK_EQ(status_of(pid, set), "0000000000000000");
  }
  for (auto name : {"user", "mnt", "net", "ipc"}) {
    CAPTURE(name);
    CHECK_NE(namespace_of(pid, name), namespace_of(::getpid(), name));
  }
}

/// The names that a process sees below a directory.
std::vector<std::string> seen_by(pid_t pid, const std::string& directory) {
  std::vector<std::string> result;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid)
                                                  + "/root" + directory))
    result.push_back(entry.path().filename());
  return result;
}

/// A loopback port in front of the user's unix socket. systemd's own proxy
/// serves it and runs as the user.
class port_before {
public:
  port_before(const manager_world& world, const fs::path& socket)
      : listening_(listening_tcp()), port_(port_of(listening_)) {
    auto options = world.as_user(
        {"/usr/lib/systemd/systemd-socket-proxyd", socket.string()}, false);
    options.sockets = {{"any", listening_.get()}};
    proxy_.emplace(std::move(options));
    listening_.reset();
  }

  std::uint16_t number() const noexcept { return port_; }

private:
  unique_fd listening_;
  std::uint16_t port_;
  std::optional<child> proxy_;
};

/// The lines that README.md tells its reader to type, with `demo` for NAME.
std::vector<std::string> lines_to_type() {
  std::vector<std::string> result;
  std::istringstream readme{read_file(TEST_README)};
  for (std::string line; std::getline(readme, line);) {
    const auto begin = line.find("`systemctl --user enable ");
    if (begin == line.npos)
      continue;
    line = line.substr(begin + 1, line.find('`', begin + 1) - begin - 1);
    if (const auto at = line.find("NAME"); at != line.npos)
      line.replace(at, 4, "demo");
    result.push_back(line);
  }
  return result;
}

void make_gate(const manager_world& world) {
  world.run(
      {"/usr/bin/git", "init", "-q", "--bare", "-b", "main",
       world.user_home + std::string("/.local/share/terok-gate/demo.git")});
  world.write(world.home() / ".config/terok-gate/demo.token", "the-token\n");
}

} // namespace

TEST_CASE("the lines of README.md start all sockets") {
  const auto world = manager_world::make();
  if (!world)
    return;
  make_gate(*world);
  const auto lines = lines_to_type();
  REQUIRE_EQ(lines.size(), 3);
  for (const auto& line : lines) {
    CAPTURE(line);
    world->run({"/bin/sh", "-c", line});
  }
  for (auto unit : {"clearance-hub.socket", "clearance-reader.socket",
                    "clearance-verdict.socket", "clearance-gate@demo.socket",
                    "clearance-supervisor.service"}) {
    CAPTURE(unit);
    CHECK_EQ(world->property(unit, "ActiveState"), "active");
  }
  // A block that arrives before the first operator is not lost.
  world->run(world->ours({"emit", "--blocked", "--container", "c1", "--dest",
                          "203.0.113.7", "--port", "443", "--id", "c1:1"}));
  child watch{world->as_user(world->ours({"watch", "--json", "--count", "1"}))};
  CHECK_EQ(watch.wait(), exited(0));
  CHECK_NE(watch.out().find("c1:1"), std::string::npos);
}

TEST_CASE("a gate's socket does not start without repository and token") {
  const auto world = manager_world::make();
  if (!world)
    return;
  const std::string unit = "clearance-gate@demo.socket";
  const auto start = [&] {
    child result{
        world->as_user({"/usr/bin/systemctl", "--user", "start", unit})};
    const auto end = result.wait();
    CHECK_EQ(result.err().empty(), end == exited(0));
    return end;
  };
  CHECK_NE(start(), exited(0));
  CHECK_EQ(world->property(unit, "ActiveState"), "inactive");
  CHECK_EQ(world->property(unit, "AssertResult"), "no");
  make_gate(*world);
  CHECK_EQ(start(), exited(0));
  CHECK_EQ(world->property(unit, "ActiveState"), "active");
}

TEST_CASE("our units carry a block from a reader to a verdict") {
  const auto world = manager_world::make();
  if (!world)
    return;
  const auto record = world->home() / "record";
  world->write(world->home() / "shield", "#!/bin/sh\n"
                                         "[ \"$1\" = capabilities ] || "
                                         "echo \"$@\" >>/home/tester/record\n");
  fs::permissions(world->home() / "shield", fs::perms(0755));
  world->drop_in(helper, "[Service]\nExecStart=\nExecStart=/run/terok/bin/"
                         "terok-clearance serve-verdict --shield "
                         "%h/shield\n");
  world->systemctl(
      {"start", "clearance-hub.socket", "clearance-reader.socket"});
  CHECK_EQ(world->property(hub, "ActiveState"), "inactive");

  // The first client starts the hub. The first verdict starts the helper.
  child watch{world->as_user(world->ours({"watch", "--json", "--count", "2"}))};
  world->await_property(hub, "StatusText",
                        "1 subscriber; clients at /run/user/54321/"
                        "terok-clearance.sock, readers at /run/user/54321/"
                        "terok-shield-events.sock");
  CHECK_EQ(world->property(hub, "ActiveState"), "active");
  CHECK_EQ(world->property(helper, "ActiveState"), "inactive");
  for (auto socket : {"terok-clearance.sock", "terok-shield-events.sock",
                      "terok-clearance-verdict.sock"}) {
    CAPTURE(socket);
    CHECK_EQ(mode_of(world->run_dir() / socket), 0600);
  }
  world->run(world->ours({"emit", "--blocked", "--container", "c1", "--dest",
                          "203.0.113.7", "--port", "443", "--id", "c1:17"}));
  watch.await_out("connection_blocked");
  world->run(world->ours(
      {"verdict", "c1:17", "203.0.113.7", "allow", "--container", "c1"}));
  CHECK_EQ(read_file(record), "allow c1 203.0.113.7\n");
  CHECK_EQ(watch.wait(), exited(0));
  CHECK_NE(watch.out().find("verdict_applied"), std::string::npos);
  CHECK_EQ(world->property(helper, "StatusText"),
           "hubs at /run/user/54321/terok-clearance-verdict.sock");

  // The journal has the audit line and finds it by its fields.
  const auto journal = world->journal({"CONTAINER=c1", "REQUEST_ID=c1:17"});
  journal.await_out("\n");
  const auto entry =
      json::parse(journal.out().substr(0, journal.out().find('\n')));
  auto text = [&](const char* field) { return entry[field].text(); };
  CHECK_EQ(text("PRIORITY"), "5");
  CHECK_EQ(text("SYSLOG_IDENTIFIER"), "terok-clearance");
  CHECK(text("_SYSTEMD_CGROUP").ends_with(hub));
  CHECK_EQ(text("TEROK_COMPONENT"), "registry");
  CHECK_NE(text("MESSAGE").find("request_id=c1:17"), std::string::npos);

  const auto processes = world->processes(hub);
  REQUIRE_EQ(processes.size(), 1);
  const auto pid = processes.front();
  check_confined(pid);
  // Of the user's files the hub sees its audit trail alone.
  CHECK_EQ(seen_by(pid, "/home/tester"), std::vector<std::string>{".local"});
  CHECK_EQ(seen_by(pid, "/home/tester/.local"),
           std::vector<std::string>{"state"});
  const auto trail = world->home() / ".local/state/terok-clearance/audit";
  CHECK_NE(read_file(trail / "hub.jsonl").find("decision_result"),
           std::string::npos);
  // Of the user's runtime directory the hub sees only its two files.
  CHECK_EQ(seen_by(pid, "/run/user/54321").size(), 2);

  world->systemctl(
      {"stop", "clearance-hub.socket", "clearance-reader.socket", hub});
  CHECK_EQ(world->property(hub, "Result"), "success");
  CHECK_EQ(world->property(hub, "ExecMainStatus"), "0");
  CHECK_EQ(world->property(hub, "NRestarts"), "0");
  CHECK_FALSE(fs::exists(world->run_dir() / "terok-clearance.sock"));
  CHECK_FALSE(fs::exists(world->run_dir() / "terok-shield-events.sock"));
}

TEST_CASE("a hub whose loop is blocked is ended and started again") {
  const auto world = manager_world::make();
  if (!world)
    return;
  world->drop_in(hub, "[Service]\nWatchdogSec=1s\n");
  world->systemctl({"start", hub});
  // While the hub reports that it lives, systemd does not end it.
  const deadline guard;
  const auto first = world->property(hub, "WatchdogTimestampMonotonic");
  while (world->property(hub, "WatchdogTimestampMonotonic") == first)
    guard.pace("a sign of life");
  CHECK_EQ(world->property(hub, "NRestarts"), "0");
  const auto pid = world->processes(hub).at(0);
  REQUIRE_EQ(::kill(pid, SIGSTOP), 0);
  world->await_property(hub, "NRestarts", "1");
  world->await_property(hub, "ActiveState", "active");
  CHECK_NE(world->processes(hub).at(0), pid);
  // The socket of its readers was there all the time.
  world->run(world->ours({"emit", "--type", "shield_up", "--container", "c1"}));
}

TEST_CASE("a gate in its unit takes a push, with a token as a credential") {
  const auto world = manager_world::make();
  if (!world)
    return;
  const std::string unit = "clearance-gate@demo.service";
  const gate_world git;
  const std::string mirror = ".local/share/terok-gate/demo.git";
  const auto in_mirror =
      std::string("--git-dir=") + world->user_home + "/" + mirror;
  make_gate(*world);
  world->systemctl({"start", "clearance-gate@demo.socket"});
  CHECK_EQ(world->property(unit, "ActiveState"), "inactive");

  const port_before port{*world, fs::path{world->user_run}
                                     / "terok-gate/demo/gate-server.sock"};
  auto url = [&](const std::string& token) {
    return "http://" + token + ":@127.0.0.1:" + std::to_string(port.number())
           + "/demo.git";
  };
  git.commit("work", "file", "content\n");
  git.must_git({"push", "-q", url("the-token"), "main"}, "work");
  CHECK_EQ(world->run({"/usr/bin/git", in_mirror, "rev-parse", "main"}),
           git.must_git({"rev-parse", "HEAD"}, "work") + "\n");
  CHECK_FALSE(git.git({"ls-remote", url("another")}).ok());
  CHECK_EQ(world->property(unit, "ActiveState"), "active");
  CHECK_EQ(world->property(unit, "StatusText"),
           "1 grant; clients at /run/user/54321/terok-gate/demo/"
           "gate-server.sock");

  const auto pid = world->processes(unit).at(0);
  check_confined(pid);
  // The gate sees neither the token's file nor another repository.
  CHECK_EQ(seen_by(pid, "/home/tester"), std::vector<std::string>{".local"});
  CHECK_EQ(seen_by(pid, "/home/tester/.local/share/terok-gate"),
           std::vector<std::string>{"demo.git"});

  world->systemctl({"reload", unit});
  CHECK_EQ(world->property(unit, "ActiveState"), "active");

  // A push that changes nothing and whose body has not ended: git waits.
  http_client client{connect_tcp(port.number())};
  client.send(
      http_request("POST", "/demo.git/git-receive-pack",
                   {authorization("the-token"), "Transfer-Encoding: chunked",
                    "Content-Type: application/x-git-receive-pack-request"}));
  const deadline guard;
  while (world->processes(unit).size() < 2)
    guard.pace("git");
  const auto all = world->processes(unit);
  SUBCASE("a stop does not end a running transfer") {
    const auto journal = world->journal({"TEROK_COMPONENT=gate"});
    child stop{world->as_user({"/usr/bin/systemctl", "--user", "stop", unit})};
    journal.await_out("gate: stopping");
    client.send(chunked("0000", 4));
    CHECK_EQ(client.next().status, 200);
    CHECK_EQ(stop.wait(), exited(0));
  }
  SUBCASE("git ends with a gate that was killed") {
    REQUIRE_EQ(::kill(pid, SIGKILL), 0);
    await_gone(all);
    world->await_property(unit, "NRestarts", "1");
    world->await_property(unit, "ActiveState", "active");
    world->systemctl({"stop", unit});
  }
  CHECK_EQ(world->property(unit, "Result"), "success");
  CHECK(world->processes(unit).empty());
}

TEST_CASE("a gate in its unit serves where /home is a link") {
  const auto world = manager_world::make(manager_world::home_is::a_link);
  if (!world)
    return;
  const std::string unit = "clearance-gate@demo.service";
  make_gate(*world);
  world->systemctl({"start", "clearance-gate@demo.socket"});
  const port_before port{*world, fs::path{world->user_run}
                                     / "terok-gate/demo/gate-server.sock"};
  const gate_world git;
  git.commit("work", "file", "content\n");
  git.must_git({"push", "-q",
                "http://the-token:@127.0.0.1:" + std::to_string(port.number())
                    + "/demo.git",
                "main"},
               "work");
  CHECK_EQ(world->property(unit, "ActiveState"), "active");
  const auto pid = world->processes(unit).at(0);
  check_confined(pid);
  CHECK_EQ(seen_by(pid, "/volume/home/tester"),
           std::vector<std::string>{".local"});
  CHECK_EQ(seen_by(pid, "/volume/home/tester/.local/share/terok-gate"),
           std::vector<std::string>{"demo.git"});
}

TEST_CASE("a supervisor in its unit serves the sidecars that it finds") {
  const auto world = manager_world::make();
  if (!world)
    return;
  const std::string unit = "clearance-supervisor.service";
  const std::string no_shield = "; the shield was not found: verdicts fail";
  world->systemctl({"start", unit});
  CHECK_EQ(world->property(unit, "StatusText"), "0 containers" + no_shield);
  CHECK_EQ(mode_of(world->run_dir() / "terok/sidecars"), 0700);
  const auto sidecar = world->home() / "demo.json";
  world->write(sidecar, R"({"container_name":"demo",)"
                        R"("container_id":"0123456789abcdef",)"
                        R"("runtime_dir":"/run/user/54321/terok/sandbox"})");
  fs::permissions(sidecar, fs::perms(0600));
  world->run(
      {"/bin/mv", "/home/tester/demo.json", "/run/user/54321/terok/sidecars"});
  world->await_property(unit, "StatusText", "1 container" + no_shield);
  world->run(
      world->ours({"emit", "--reader-socket",
                   "/run/user/54321/terok/events/0123456789ab/ingester.sock",
                   "--type", "shield_up", "--container", "c1"}));
  world->systemctl({"stop", unit});
  CHECK_EQ(world->property(unit, "Result"), "success");
  CHECK_EQ(world->property(unit, "ExecMainStatus"), "0");
  CHECK(fs::exists(world->run_dir() / "terok/sidecars/demo.json"));
}

} // namespace systemd_manager_tests
