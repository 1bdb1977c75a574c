// Many containers in one process. Source: supervisor.md, section 3.

#include "test/end_to_end/world/supervision.hpp"
#include "test/support/process/process_facts.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

namespace supervise_tests {

namespace {

using namespace clearance::test;
namespace fs = std::filesystem;

const container one{"one", "111111111111aaaa", {}};
const container two{"two", "222222222222bbbb", {}};
const container three{"three", "333333333333cccc", {}};

} // namespace

TEST_CASE("a supervisor serves the containers that it finds, with all their "
          "services") {
  supervision s;
  s.world.add(one);
  s.world.add(two);
  s.start();
  for (const auto& x : {one, two}) {
    CAPTURE(x.name);
    s.await_served(x);
    for (const auto& path :
         {s.world.clearance(x), s.world.reader(x), s.world.gate(x)})
      CHECK(mode_of(path) == 0600);
  }
  s.process().await_err(R"(sandbox="no: this process executes verdicts)");
  CHECK(thread_count(s.process().pid()) < 8);
}

TEST_CASE("a verdict reaches the shield, and a push reaches its repository") {
  supervision s;
  s.world.add(one);
  s.start();
  s.await_served(one);
  varlink_client watcher{s.world.clearance(one)};
  watcher.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  watcher.socket().await_taken();
  const auto x = block_of(one);
  raw_socket{s.world.reader(one)}.send(x.line());
  CHECK(watcher.next_event() == x.event());
  varlink_client caller{s.world.clearance(one)};
  CHECK(caller.verdict(x.container, x.request_id, x.dest, "deny")
        == success(R"({"ok":true})"));
  CHECK(s.shield.next_run().arguments
        == std::vector<std::string>{"deny", "111111111111", x.dest});
  s.push(one);
}

TEST_CASE("the hub of each container has an audit trail of its own") {
  supervision s;
  s.world.add(one);
  s.world.add(two);
  const auto trails = s.world.git.dir / "trails";
  s.start({"--audit", trails, "--audit-required"});
  s.await_served(one);
  s.await_served(two);
  const auto x = block_of(one);
  varlink_client watcher{s.world.clearance(one)};
  watcher.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  watcher.socket().await_taken();
  raw_socket{s.world.reader(one)}.send(x.line());
  CHECK(watcher.next_event() == x.event());
  varlink_client caller{s.world.clearance(one)};
  CHECK(caller.verdict(x.container, x.request_id, x.dest, "deny")
        == success(R"({"ok":true})"));
  CHECK(s.stop() == exited(0));
  auto trail = read_file(trails / "111111111111.jsonl");
  for (const char* event :
       {"start", "decision_asked", "decision_result", "stop"})
    CHECK_MESSAGE(trail.find(R"("event":")" + std::string{event}) != trail.npos,
                  event);
  trail = read_file(trails / "222222222222.jsonl");
  CHECK(trail.find(R"("event":"stop")") != trail.npos);
  CHECK(trail.find("decision") == trail.npos);
}

TEST_CASE("the policy decides for the hub of each container, and SIGHUP reads "
          "it again") {
  supervision s;
  s.world.add(one);
  s.world.add(two);
  const temp_dir policy;
  const std::string rule = "version = 1\n[[rule]]\nname = \"no\"\n"
                           "why = \"a test\"\naction = \"deny\"\nto = [\"";
  write_file(policy / "a.toml", rule + block_of(one).dest + "\"]\n");
  s.start({"--policy", policy.path()});
  for (const auto& each : {one, two}) {
    s.await_served(each);
    varlink_client watcher{s.world.clearance(each)};
    watcher.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
    watcher.socket().await_taken();
    const auto x = block_of(each);
    raw_socket{s.world.reader(each)}.send(x.line());
    CHECK(watcher.next_event() == x.event());
    const auto applied = watcher.next_event();
    CHECK(applied.type == "verdict_applied");
    CHECK(applied.action == "deny");
  }
  write_file(policy / "a.toml", "version = 1\n[[rule]]\n");
  s.process().kill(SIGHUP);
  s.process().await_err("the policy could not be loaded");
  CHECK(s.stop() == exited(0));
}

// A program that reads the traffic of one container must not open the firewall
// of another container.
TEST_CASE("a reader socket accepts lines about its own container only") {
  supervision s;
  s.world.add(one);
  s.world.add(two);
  s.start();
  s.await_served(one);
  s.await_served(two);
  varlink_client watcher{s.world.clearance(one)};
  watcher.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  watcher.socket().await_taken();
  raw_socket reader{s.world.reader(one)};
  reader.send(block_of(two).line());
  const auto own = block_of(one);
  reader.send(own.line());
  CHECK(watcher.next_event() == own.event());
  s.process().await_err("the line names another container");
  varlink_client caller{s.world.clearance(one)};
  const auto foreign = block_of(two);
  CHECK(
      caller
          .verdict(foreign.container, foreign.request_id, foreign.dest, "allow")
          .error.ends_with("UnknownRequest"));
  // `terok-shield down NAME` drops the open requests.
  reader.send(plain_line("shield_down", "one"));
  CHECK(watcher.next_event() == plain_event("shield_down", "111111111111"));
  CHECK(caller.verdict(own.container, own.request_id, own.dest, "allow")
            .error.ends_with("UnknownRequest"));
}

TEST_CASE("a new sidecar starts services, and a removed sidecar ends them") {
  supervision s;
  s.start();
  s.world.add(one); // moves the finished file into the directory
  s.await_served(one);
  // This sidecar is written in its place, in two pieces.
  const auto text = s.world.sidecar_of(two);
  {
    std::ofstream file{s.world.sidecar_path(two)};
    fs::permissions(s.world.sidecar_path(two),
                    fs::perms::owner_read | fs::perms::owner_write);
    file << text.substr(0, 20) << std::flush << text.substr(20);
  }
  s.await_served(two);
  varlink_client connected{s.world.clearance(one)};
  fs::remove(s.world.sidecar_path(one));
  CHECK(connected.socket().read_to_end() == "");
  s.await_gone(one);
  fs::rename(s.world.sidecar_path(two), s.world.git.dir / "elsewhere");
  s.await_gone(two);
  s.world.add(one);
  s.await_served(one);
}

TEST_CASE("a sidecar that changes restarts its services with the new content") {
  supervision s;
  s.start();
  s.world.add(one);
  s.await_served(one);
  auto renamed = one;
  renamed.fields["container_name"] = R"("other")";
  s.world.add(renamed);
  renamed.name = "other";
  s.await_served(renamed);
  CHECK_FALSE(fs::exists(s.world.gate(one)));
  // Unchanged content restarts nothing: connections stay.
  varlink_client connected{s.world.clearance(renamed)};
  renamed.name = "one";
  s.world.add(renamed);
  s.world.add(two);
  s.await_served(two);
  CHECK(connected.call("org.varlink.service.GetInfo").error == "");
}

TEST_CASE("a bad sidecar causes one log line, and the others are served") {
  supervision s;
  s.world.add(one);
  auto bad = two;
  bad.fields["runtime_dir"] = "7";
  s.world.add(bad);
  auto nameless = three;
  nameless.fields["container_id"] = "";
  s.world.add(nameless);
  s.start();
  s.await_served(one);
  s.process().await_err(R"(bad sidecar file=two.json field=runtime_dir )"
                        R"(why="is not a string")");
  s.process().await_err(R"(bad sidecar file=three.json field=container_id )"
                        R"(why="is missing")");
  // When the sidecar is corrected, its container is served.
  s.world.add(two);
  s.await_served(two);
  // A container whose sidecar becomes bad is served as before.
  s.world.add_text("one.json", "{");
  s.process().await_err(R"(bad sidecar file=one.json why="not JSON")");
  varlink_client{s.world.clearance(one)}.call("org.varlink.service.GetInfo");
}

// A sidecar names the programs' paths and the token, so only the supervisor's
// own user may be able to write it.
TEST_CASE("a file that others could have written is refused as a sidecar") {
  supervision s;
  s.start();
  const auto text = s.world.sidecar_of(one);
  const auto path = s.world.sidecar_path(one);
  write_file(s.world.git.dir / "open", text);
  fs::permissions(s.world.git.dir / "open", fs::perms(0640));
  fs::rename(s.world.git.dir / "open", path);
  s.process().await_err(
      R"(bad sidecar file=one.json why="is accessible to group or others")");
  write_file(s.world.git.dir / "aim", text);
  fs::permissions(s.world.git.dir / "aim", fs::perms(0600));
  fs::create_symlink(s.world.git.dir / "aim", s.world.git.dir / "link");
  fs::rename(s.world.git.dir / "link", path);
  s.process().await_err(
      R"(bad sidecar file=one.json why="is a symbolic link")");
  fs::create_directory(s.world.git.dir / "d");
  fs::rename(s.world.git.dir / "d", s.world.sidecars() / "d.json");
  s.process().await_err(
      R"(bad sidecar file=d.json why="is not a regular file")");
  if (::getuid() == 0) {
    write_file(s.world.git.dir / "foreign", text);
    fs::permissions(s.world.git.dir / "foreign", fs::perms(0600));
    REQUIRE(::chown((s.world.git.dir / "foreign").c_str(), 65534, 65534) == 0);
    fs::rename(s.world.git.dir / "foreign", path);
    s.process().await_err(R"(why="is owned by uid 65534, not by 0")");
  }
  // The supervisor does not even read files with other names.
  s.world.add_text(".one.json", text);
  s.world.add_text("one.json.tmp", text);
  s.world.add(two);
  s.await_served(two);
  CHECK_FALSE(fs::exists(s.world.clearance(one)));
  // When the mode of a refused file is corrected, the supervisor reads it
  // again.
  write_file(s.world.git.dir / "open", s.world.sidecar_of(three));
  fs::permissions(s.world.git.dir / "open", fs::perms(0644));
  fs::rename(s.world.git.dir / "open", s.world.sidecar_path(three));
  s.process().await_err("file=three.json");
  fs::permissions(s.world.sidecar_path(three), fs::perms(0600));
  s.await_served(three);
}

TEST_CASE("if two sidecars have one id the second waits until the first ends") {
  supervision s;
  s.world.add(one);
  s.start();
  s.await_served(one);
  auto twin = two;
  twin.id = "111111111111ffff";
  s.world.add(twin);
  s.process().await_err("bad sidecar file=two.json field=container_id "
                        "why=\"has the same first 12 digits as in "
                        "one.json, which is served\"");
  CHECK(fs::exists(s.world.gate(one)));
  CHECK_FALSE(fs::exists(s.world.gate(twin)));
  fs::remove(s.world.sidecar_path(one));
  s.await_served(twin);
  CHECK_FALSE(fs::exists(s.world.gate(one)));
}

TEST_CASE("the end of a container's first process ends its services") {
  supervision s;
  child init{{{"/bin/sleep", "1000"}, {}, {}, {}, {}, false, "/"}};
  auto x = one;
  x.fields["init_pid"] = std::to_string(init.pid());
  s.world.add(x);
  s.world.add(two);
  s.start();
  s.await_served(x);
  s.await_served(two);
  init.kill(SIGKILL);
  init.wait();
  s.await_gone(x);
  // A container whose first process has ended already is not served. The other
  // containers are not affected.
  auto late = three;
  late.fields["init_pid"] = x.fields["init_pid"];
  s.world.add(late);
  s.process().await_err("the container's first process has ended already");
  CHECK_FALSE(fs::exists(s.world.clearance(late)));
  varlink_client{s.world.clearance(two)}.call("org.varlink.service.GetInfo");
  // A new sidecar with the same id is a new container.
  s.world.add(one);
  s.await_served(one);
}

TEST_CASE(
    "a port that is in use affects one gate only, and the gate tries again") {
  supervision s;
  reserved_port port;
  port.occupy();
  auto x = one;
  x.fields = {{"ipc_mode", R"("tcp")"},
              {"gate_port", std::to_string(port.number())}};
  s.world.add(x);
  s.world.add(two);
  s.start();
  s.await_served(two);
  s.process().await_err("container: a service ended and is started again "
                        "container=one id=111111111111 service=gate");
  // The hub of this container works.
  varlink_client{s.world.clearance(x)}.call("org.varlink.service.GetInfo");
  port.release();
  s.process().await_err("gate: serving at=127.0.0.1:"
                        + std::to_string(port.number()));
  s.world.git.commit("work", "file", "x");
  s.world.git.must_git({"push", "-q",
                        "http://the-token:@127.0.0.1:"
                            + std::to_string(port.number()) + "/r.git",
                        "main"},
                       "work");
}

TEST_CASE(
    "a hub that cannot bind is started again, and its gate serves meanwhile") {
  supervision s;
  const auto taken = s.world.clearance(one);
  fs::create_directories(taken.parent_path());
  for (auto x = taken.parent_path(); x != s.world.git.dir.path();
       x = x.parent_path())
    fs::permissions(x, fs::perms::owner_all);
  write_file(taken, "precious");
  s.world.add(one);
  s.start();
  s.process().await_err("service=hub");
  s.push(one);
  CHECK(read_file(taken) == "precious");
  CHECK_FALSE(fs::exists(s.world.reader(one)));
  fs::remove(taken);
  s.await_served(one);
}

TEST_CASE("a supervisor that is stopped ends with 0 and leaves no socket") {
  supervision s;
  for (const auto& x : {one, two, three})
    s.world.add(x);
  s.start();
  for (const auto& x : {one, two, three})
    s.await_served(x);
  varlink_client connected{s.world.clearance(one)};
  CHECK(s.stop() == exited(0));
  for (const auto& x : {one, two, three}) {
    CHECK_FALSE(fs::exists(s.world.clearance(x)));
    CHECK_FALSE(fs::exists(s.world.reader(x)));
    CHECK_FALSE(fs::exists(s.world.gate(x)));
  }
}

TEST_CASE("a supervisor needs its directory at the start and ends when it is "
          "removed") {
  {
    const container_world world;
    child x{world.supervisor({"run", "--sidecar-dir", "/nonexistent"})};
    CHECK(x.wait() == exited(4));
    CHECK(x.err()
          == "terok-supervisor: cannot watch the sidecar directory "
             "/nonexistent: No such file or directory\n");
  }
  supervision s;
  s.world.add(one);
  s.start();
  s.await_served(one);
  fs::rename(s.world.sidecars(), s.world.git.dir / "away");
  CHECK(s.process().wait() == exited(1));
  CHECK(s.process().err().ends_with("terok-supervisor: the sidecar directory "
                                    + s.world.sidecars().string()
                                    + " is gone\n"));
  CHECK_FALSE(fs::exists(s.world.clearance(one)));
}

TEST_CASE("settings come from a file, and a bad file ends the program before "
          "it binds") {
  const container_world world;
  world.add(one);
  const auto file = world.git.dir / "c.toml";
  auto text = "[run]\nsidecar-dir = '" + world.sidecars().string() + "'\n";
  write_file(file, text + "log-level = 'loud'\n");
  child bad{world.supervisor({"run", "--config", file})};
  CHECK(bad.wait() == exited(2));
  CHECK(bad.err()
        == "terok-supervisor: " + file.string()
               + ":3: log-level: `loud` is none of debug, error, info, "
                 "warning\n");
  CHECK_FALSE(fs::exists(world.runtime_dir()));
  write_file(file, text);
  child good{world.supervisor({"run", "--config", file})};
  good.await_err("hub: serving");
  good.kill(SIGTERM);
  CHECK(good.wait() == exited(0));
}

} // namespace supervise_tests
