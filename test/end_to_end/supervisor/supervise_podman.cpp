// A real container of podman and crun, whose OCI hook starts the parent of its
// services as terok-sandbox's hook does. Source: supervisor.md, section 2a.
// Needs root, podman, crun and a static busybox, of which the image is made.

#include "test/end_to_end/world/container_world.hpp"
#include "test/support/doubles/fake_shield.hpp"
#include "test/support/net/varlink_client.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

namespace supervise_podman_tests {

namespace {

using namespace clearance::test;
namespace fs = std::filesystem;

bool is_missing(const fs::path& program) {
  if (fs::exists(program))
    return false;
  skipped(program.string() + " is not installed");
  return true;
}

bool cannot_run() {
  if (::getuid() != 0) {
    skipped("needs root");
    return true;
  }
  return is_missing("/usr/bin/podman") || is_missing("/usr/bin/crun")
         || is_missing("/bin/busybox");
}

/// podman with storage of its own, and one container that waits for SIGTERM.
class podman_world {
public:
  /// Without a hook: nothing is started with the container.
  podman_world();

  /// `pid`: the words of a shell with which the hook passes the number of the
  /// container's first process, or nothing.
  explicit podman_world(const std::string& pid);
  ~podman_world();

  void start() { podman({"start", demo.id}); }

  /// Waits until hub and gate serve.
  void await_serving() const;

  /// Runs podman and returns its output. Throws if podman fails.
  std::string podman(std::vector<std::string> words) const;

  fs::path dir(const char* name) const { return world.git.dir / name; }

  /// What the parent wrote, and last how it ended.
  std::string log() const {
    return fs::exists(log_) ? read_file(log_) : std::string{};
  }
  void await_log(const std::string& text) const;

  container_world world;
  fake_shield shield;
  container demo;

private:
  void write_program(const fs::path& path, const std::string& text) const;
  void prepare();
  void create();
  void make_image() const;
  void make_hook(const std::string& pid) const;

  fs::path log_ = world.git.dir / "parent.log";
};

// The mounts of podman must be gone before the directory is removed.
podman_world::~podman_world() try {
  podman({"rm", "--force", "--all", "--time", "0"});
} catch (const std::exception& e) {
  MESSAGE(e.what());
}

void podman_world::write_program(const fs::path& path,
                                 const std::string& text) const {
  write_file(path, text);
  fs::permissions(path, fs::perms::owner_all);
}

// crun refuses a machine whose cgroups are of both versions: podman then gets a
// mount namespace that shows those of version 2 alone.
podman_world::podman_world(const std::string& pid) {
  prepare();
  make_hook(pid);
  create();
}

podman_world::podman_world() {
  prepare();
  world.add(demo);
  create();
}

void podman_world::prepare() {
  for (const auto* name : {"bin", "hooks", "store", "run", "state"})
    fs::create_directory(dir(name));
  const auto words = "/usr/bin/podman --root " + dir("store").string()
                     + " --runroot " + dir("run").string() + " --tmpdir "
                     + dir("state").string()
                     + " --storage-driver vfs --cgroup-manager cgroupfs "
                       "--runtime crun --events-backend file --hooks-dir "
                     + dir("hooks").string() + " \"$@\"\n";
  const std::string see_version_2 =
      "test -e /sys/fs/cgroup/cgroup.controllers || test -n \"$SEEN\" ||\n"
      "  SEEN=1 exec unshare --mount sh -c 'mount -t tmpfs none /sys/fs/cgroup "
      "&& mount -t cgroup2 none /sys/fs/cgroup && exec \"$0\" \"$@\"' \"$0\" "
      "\"$@\"\n";
  write_program(dir("bin") / "podman",
                "#!/bin/sh\n" + see_version_2 + "exec " + words);
  demo.fields = {{"container_id", ""}}; // the reference never writes it
  make_image();
}

void podman_world::create() {
  // The launcher makes the mounted directory before the container starts.
  const auto mounted = world.gate(demo).parent_path();
  fs::create_directories(mounted);
  for (auto x = mounted; x != world.git.dir.path(); x = x.parent_path())
    fs::permissions(x, fs::perms::owner_all);
  // A machine may forbid root to raise limits, so they are low.
  auto id = podman({"create", "--name", demo.name, "--network", "none",
                    "--cgroups", "disabled", "--ulimit", "nofile=256:256",
                    "--ulimit", "nproc=256:256", "--volume",
                    mounted.string() + ":/gate", "busy", "/bin/sh", "-c",
                    "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; "
                    "done"});
  id.resize(id.find('\n'));
  demo.id = id;
}

void podman_world::make_image() const {
  const auto root = dir("image");
  fs::create_directories(root / "bin");
  fs::copy_file("/bin/busybox", root / "bin/busybox");
  for (const auto* name : {"sh", "sleep", "test"})
    fs::create_symlink("busybox", root / "bin" / name);
  child tar{
      {{"/bin/tar", "-C", root, "-cf", dir("image.tar"), "."}, {}, {}, {}, {}}};
  REQUIRE(tar.wait() == exited(0));
  podman({"import", dir("image.tar"), "busy"});
}

// As terok-sandbox's wrapper: the parent leads a process group of its own and
// goes on when the hook has ended.
void podman_world::make_hook(const std::string& pid) const {
  const auto options =
      world.supervisor({"supervisor", "\"$id\"", world.add(demo), pid,
                        "--delegate", "none", "--shield", shield.program()});
  std::string words;
  for (const auto& each : options.argv)
    words += each + " ";
  const auto number = [](const std::string& member) {
    return "$(printf %s \"$state\" | sed -n 's/.*\"" + member
           + "\": *\"*\\([0-9a-f]*\\).*/\\1/p')\n";
  };
  write_program(dir("hooks") / "hook",
                "#!/bin/sh\nstate=$(cat)\nid=" + number("id")
                    + "pid=" + number("pid") + "PATH=" + dir("bin").string()
                    + ":/usr/bin:/bin\nexport id pid PATH\n" + "setsid sh -c '"
                    + words + "; echo \"ended with $?\"' >" + log_.string()
                    + " 2>&1 </dev/null &\n");
  write_file(dir("hooks") / "hook.json",
             R"({"version":"1.0.0","hook":{"path":")"
                 + (dir("hooks") / "hook").string()
                 + R"("},"when":{"always":true},"stages":["createRuntime"]})");
}

std::string podman_world::podman(std::vector<std::string> words) const {
  words.insert(words.begin(), dir("bin") / "podman");
  child x{{std::move(words),
           {{"TMPDIR", world.git.dir.path().string()}},
           {},
           {},
           {}}};
  if (x.wait() != exited(0))
    throw std::runtime_error("podman: " + x.err());
  return x.out();
}

void podman_world::await_log(const std::string& text) const {
  const deadline guard;
  while (log().find(text) == std::string::npos)
    guard.pace("`" + text + "` in the parent's log:\n" + log());
}

void podman_world::await_serving() const {
  await_log("hub: serving");
  await_log("gate: serving");
}

void check_life(podman_world& s) {
  s.start();
  s.await_serving();
  CHECK(s.podman(
            {"exec", s.demo.name, "/bin/test", "-S", "/gate/gate-server.sock"})
        == "");
  const auto blocked = block_of(s.demo);
  varlink_client watcher{s.world.clearance(s.demo)};
  watcher.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  watcher.socket().await_taken();
  raw_socket{s.world.reader(s.demo)}.send(blocked.line());
  CHECK(watcher.next_event() == blocked.event());
  varlink_client caller{s.world.clearance(s.demo)};
  CHECK(caller.verdict(blocked.container, blocked.request_id, blocked.dest,
                       "allow")
        == success(R"({"ok":true})"));
  CHECK(s.shield.next_run().arguments
        == std::vector<std::string>{"allow", s.demo.id.substr(0, 12),
                                    blocked.dest});
  s.podman({"stop", "--time", "5", s.demo.name});
  s.await_log("ended with 0\n");
  CHECK_FALSE(fs::exists(s.world.clearance(s.demo).parent_path()));
  CHECK_FALSE(fs::exists(s.world.reader(s.demo).parent_path()));
  CHECK_FALSE(fs::exists(s.world.runtime_dir() / "run" / s.demo.name));
}

} // namespace

TEST_CASE("a hook of a real container starts its services, its end ends them") {
  if (cannot_run())
    return;
  podman_world s{"\"$pid\""};
  check_life(s);
}

TEST_CASE("without a pid podman itself says when a real container ends") {
  if (cannot_run())
    return;
  podman_world s{""};
  check_life(s);
}

// The sidecar stays when its container stops, as the reference leaves it.
TEST_CASE("run --podman serves a real container while it runs") {
  if (cannot_run())
    return;
  podman_world s;
  auto options =
      s.world.supervisor({"run", "--sidecar-dir", s.world.sidecars().string(),
                          "--podman", "--shield", s.shield.program()});
  options.environment.emplace_back("PATH",
                                   s.dir("bin").string() + ":/usr/bin:/bin");
  child supervisor{std::move(options)};
  supervisor.await_err("starting");
  const auto hub = s.world.clearance(s.demo);
  for (int round = 0; round < 2; ++round) {
    CAPTURE(round);
    CHECK_FALSE(fs::exists(hub));
    s.start();
    deadline guard;
    while (!fs::exists(hub))
      guard.pace("the hub of a container that runs; its supervisor says:\n"
                 + supervisor.err());
    CHECK(varlink_client{hub}.call("org.varlink.service.GetInfo").error == "");
    s.podman({"stop", "--time", "5", s.demo.name});
    guard = deadline{};
    while (fs::exists(hub))
      guard.pace("the end of the hub of a container that stopped");
  }
  supervisor.kill(SIGTERM);
  CHECK(supervisor.wait() == exited(0));
}

} // namespace supervise_podman_tests
