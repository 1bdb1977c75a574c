// How hooks come to where git runs them, and what they find there.

#include "test/end_to_end/world/hooked_gate.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <signal.h>
#include <sys/stat.h>

namespace gate_hook_setup_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

constexpr auto names = {"pre-receive", "post-receive"};

void install(const fs::path& program, const fs::path& hooks) {
  child_options options;
  options.argv = {program, "--install-hooks", hooks};
  child process{std::move(options)};
  const auto end = process.wait();
  INFO(process.err());
  REQUIRE_EQ(end, exited(0));
}

struct file_identity {
  ino_t inode;
  timespec changed;

  friend bool operator==(const file_identity& a, const file_identity& b) {
    return a.inode == b.inode && a.changed.tv_sec == b.changed.tv_sec
           && a.changed.tv_nsec == b.changed.tv_nsec;
  }
};

file_identity identity(const fs::path& file) {
  struct stat about {};
  REQUIRE_EQ(::stat(file.c_str(), &about), 0);
  return {about.st_ino, about.st_mtim};
}

/// A copy of the program, as a package or a user puts it there.
fs::path copy_program(const fs::path& directory) {
  fs::create_directories(directory);
  const auto next = directory / "next";
  fs::copy_file(terok_gate(), next);
  fs::rename(next, directory / "terok-gate");
  return directory / "terok-gate";
}

std::vector<std::string> hooks_at(const fs::path& hooks) {
  return {"--hooks-path", hooks.string(), "--sandbox",
          has_landlock() && has_seccomp() ? "required" : "auto"};
}

void plant_hook(const fs::path& hooks, const std::string& script) {
  fs::create_directories(hooks);
  write_file(hooks / "pre-receive", "#!/bin/sh\n" + script + "\n");
  fs::permissions(hooks / "pre-receive", fs::perms::owner_all);
}

bool is_program(const char* path) {
  return fs::exists(path);
}

} // namespace

TEST_CASE("--install-hooks makes the directory and its parents") {
  const temp_dir dir;
  for (const auto* spelling : {"a/b/hooks", "c/hooks/"}) {
    const auto hooks = dir / spelling;
    install(terok_gate(), hooks);
    CHECK_EQ(mode_of(dir / spelling), 0700);
    for (const auto* name : names)
      CHECK_EQ(mode_of(hooks / name), 0700);
  }
}

TEST_CASE("--install-hooks leaves equal hooks alone and replaces others") {
  const temp_dir dir;
  const auto hooks = dir / "hooks";
  install(terok_gate(), hooks);
  const auto first = hooks / "pre-receive";
  const auto second = hooks / "post-receive";
  const auto text = read_file(first);
  const auto was = identity(first);
  SUBCASE("both are equal") {
    const auto other_was = identity(second);
    install(terok_gate(), hooks);
    CHECK(identity(second) == other_was);
  }
  SUBCASE("one has another text") {
    write_file(second, text);
    install(terok_gate(), hooks);
    CHECK_NE(read_file(second), text);
  }
  SUBCASE("one cannot be executed") {
    fs::permissions(second, fs::perms::owner_read);
    install(terok_gate(), hooks);
    CHECK_EQ(mode_of(second), 0700);
  }
  SUBCASE("one is a link to an equal file") {
    fs::rename(second, dir / "elsewhere");
    fs::create_symlink(dir / "elsewhere", second);
    install(terok_gate(), hooks);
    CHECK_FALSE(fs::is_symlink(second));
  }
  CHECK(identity(first) == was);
  CHECK_EQ(std::distance(fs::directory_iterator(hooks), {}), 2);
}

// The hooks' program does not have to be the one that serves.
TEST_CASE("hooks run a program from anywhere, also when it was replaced") {
  const gate_world world;
  const auto hooks = world.dir / "hooks";
  install(copy_program(world.dir / "opt/bin"), hooks);
  gate server{world, {hooks_at(hooks), {}}};
  CHECK_EQ(server.process().err().find("a hook cannot be run"),
           std::string::npos);
  world.commit("work", "file", "one\n");
  for (int i = 0; i < 2; ++i) {
    world.must_git({"push", "-q", server.url(), "main:b"}, "work");
    world.must_git({"push", "-q", server.url(), ":b"}, "work");
    CHECK_NE(world.in_mirror({"for-each-ref", "refs/terok/backup/b"}), "");
    copy_program(world.dir / "opt/bin"); // the upgrade
  }
}

TEST_CASE("hooks that cannot be run are told at the start") {
  const gate_world world;
  world.seed();
  const auto hooks = world.dir / "hooks";
  const auto program = copy_program(world.dir / "opt/bin");
  install(program, hooks);
  fs::remove(program);
  write_file(program, "#!/bin/sh\necho 'out of order' >&2\nexit 3\n");
  fs::permissions(program, fs::perms::owner_all);
  gate server{world, {hooks_at(hooks), {}}};
  for (const auto* name : names)
    server.process().await_err("hook=" + (hooks / name).string());
  for (const auto& text :
       {std::string("a hook cannot be run: every push will be refused"),
        "program=" + program.string(), std::string("why=\"out of order\"")})
    server.process().await_err(text);
  world.must_git({"clone", "-q", server.url(), "clone"});
}

// An empty directory, or one that an older version has filled, must not let a
// push destroy anything.
TEST_CASE("hooks that are missing or do not work are written at the start") {
  const gate_world world;
  const auto hooks = world.dir / "hooks";
  fs::create_directory(hooks);
  const auto trace = world.repository() / "ran";
  SUBCASE("missing") {
  }
  SUBCASE("of another version") {
    plant_hook(hooks, "# Written by terok-gate --install-hooks.\ntouch "
                          + trace.string());
  }
  SUBCASE("whose program is gone") {
    const auto program = copy_program(world.dir / "opt/bin");
    install(program, hooks);
    fs::remove(program);
  }
  const gate server{world, {hooks_at(hooks), {}}};
  world.commit("work", "file", "one\n");
  world.must_git({"push", "-q", server.url(), "main:b"}, "work");
  world.must_git({"push", "-q", server.url(), ":b"}, "work");
  CHECK_NE(world.in_mirror({"for-each-ref", "refs/terok/backup/b"}), "");
  CHECK_FALSE(fs::exists(trace));
}

// Not even root can make a file there.
TEST_CASE("that hooks cannot be written is told in one line") {
  const gate_world world;
  world.seed();
  gate server{world, {{"--hooks-path", "/proc/sys"}, {}}};
  server.process().await_err(
      "a hook of ours cannot be written: what pushes delete or change is not "
      "saved");
  world.must_git({"clone", "-q", server.url(), "clone"});
}

TEST_CASE("hooks without git are told at the start") {
  const gate_world world;
  const auto hooks = install_hooks(world);
  fs::create_directory(world.dir / "empty");
  // Only the gate finds git: by GIT_EXEC_PATH.
  gate server{world,
              {hooks_at(hooks),
               {{"PATH", (world.dir / "empty").string()},
                {"GIT_EXEC_PATH", world.must_git({"--exec-path"})}}}};
  server.process().await_err("why=\"git is not on PATH\"");
}

TEST_CASE("hooks of the operator's own are neither run nor replaced") {
  const gate_world world;
  const auto hooks = world.dir / "hooks";
  const auto trace = world.repository() / "ran"; // hooks may write there
  plant_hook(hooks, "touch " + trace.string());
  const auto text = read_file(hooks / "pre-receive");
  gate server{world, {hooks_at(hooks), {}}};
  server.process().await_err("a hook of yours is in the place of ours");
  CHECK_EQ(server.stop(), exited(0));
  CHECK_EQ(server.process().err().find("cannot be run"), std::string::npos);
  CHECK_FALSE(fs::exists(trace));
  CHECK_EQ(read_file(hooks / "pre-receive"), text);
}

TEST_CASE("a hook has a private TMPDIR, which goes with the gate") {
  const gate_world world;
  const auto hooks = world.dir / "hooks";
  plant_hook(hooks, "set -e\n"
                    "mkdir \"$TMPDIR/left\"\n"
                    "file=\"$(mktemp -p \"$TMPDIR/left\")\"\n"
                    "echo words >\"$file\"\n"
                    "mktemp >made\n"
                    "stat -c %a \"$TMPDIR\" >mode\n"
                    "cat \"$file\" >words\n"
                    "echo \"$TMPDIR\" >directory");
  gate server{world, {hooks_at(hooks), {}}};
  world.commit("work", "file", "one\n");
  const auto pushed = world.git({"push", server.url(), "main"}, "work");
  INFO(pushed);
  REQUIRE(pushed.ok());
  auto seen = [&](const char* name) {
    auto text = read_file(world.repository() / name);
    REQUIRE(text.ends_with('\n'));
    text.pop_back();
    return text;
  };
  const auto directory = seen("directory");
  CHECK(fs::path(directory).filename().string().starts_with("terok-gate-tmp."));
  CHECK(seen("made").starts_with(directory + "/"));
  CHECK_EQ(seen("mode"), "700");
  CHECK_EQ(seen("words"), "words");
  CHECK_EQ(server.stop(), exited(0));
  CHECK_FALSE(fs::exists(directory));
}

// Git writes the signature that it verifies to a file of TMPDIR.
TEST_CASE("a signed push is verified") {
  if (!is_program("/usr/bin/ssh-keygen")) {
    skipped("needs ssh-keygen");
    return;
  }
  const gate_world world;
  child_options keygen;
  keygen.argv = {"/usr/bin/ssh-keygen",
                 "-q",
                 "-t",
                 "ed25519",
                 "-N",
                 "",
                 "-C",
                 "a@example.org",
                 "-f",
                 (world.dir / "key").string()};
  child make{std::move(keygen)};
  REQUIRE_EQ(make.wait(), exited(0));
  write_file(world.repository() / "signers",
             "a@example.org " + read_file(world.dir / "key.pub"));
  world.in_mirror({"config", "receive.certNonceSeed", "seed"});
  world.in_mirror({"config", "gpg.ssh.allowedSignersFile",
                   (world.repository() / "signers").string()});
  const auto hooks = world.dir / "hooks";
  plant_hook(hooks, "echo \"$GIT_PUSH_CERT_STATUS\" >status");
  const gate server{world, {hooks_at(hooks), {}}};
  world.commit("work", "file", "one\n");
  const auto pushed =
      world.git({"-c", "gpg.format=ssh", "-c",
                 "user.signingKey=" + (world.dir / "key").string(), "push",
                 "--signed", server.url(), "main"},
                "work");
  INFO(pushed);
  CHECK(pushed.ok());
  CHECK_EQ(read_file(world.repository() / "status"), "G\n");
}

} // namespace gate_hook_setup_tests
