// What git executes, and what our hooks keep.

#include "test/end_to_end/world/hooked_gate.hpp"

#include <doctest/doctest.h>

#include <cctype>
#include <signal.h>

namespace gate_hooks_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

void plant(const fs::path& hook, const std::string& script) {
  write_file(hook, "#!/bin/sh\n" + script + "\n");
  fs::permissions(hook, fs::perms::owner_all);
}

/// `YYYYmmddTHHMMSSZ-` and a full id.
bool is_backup_stamp(std::string_view text) {
  if (text.size() != 57 || text[8] != 'T' || text[15] != 'Z' || text[16] != '-')
    return false;
  for (std::size_t i : {0U, 3U, 7U, 9U, 14U})
    if (!std::isdigit(static_cast<unsigned char>(text[i])))
      return false;
  return true;
}

} // namespace

TEST_CASE("no hook of the repository runs, whoever planted it") {
  const gate_world world;
  world.seed();
  const auto trace = world.repository() / "ran"; // git may write there
  const auto script = "echo $0 >>" + trace.string();
  for (auto name : {"pre-receive", "update", "post-receive", "post-update",
                    "reference-transaction", "proc-receive", "push-to-checkout",
                    "pre-auto-gc"})
    plant(world.repository() / "hooks" / name, script);
  world.in_mirror(
      {"config", "core.hooksPath", (world.repository() / "hooks").string()});
  world.in_mirror({"config", "core.fsmonitor", script});
  world.in_mirror({"config", "uploadpack.packObjectsHook", script});
  const gate server{world};
  world.must_git({"clone", "-q", server.url(), "work"});
  world.commit("work", "mine", "mine\n");
  world.must_git({"push", "-q", server.url(), "main", "main:refs/heads/b"},
                 "work");
  world.must_git({"push", "-q", server.url(), ":b"}, "work");
  CHECK_EQ(read_file(trace), "");
}

TEST_CASE("a .gitconfig is read from nowhere that a container could write to") {
  const gate_world world;
  world.seed();
  const auto trace = world.repository() / "ran"; // git may write there
  const auto hooks = world.dir / "planted";
  fs::create_directory(hooks);
  plant(hooks / "post-receive", "echo hook >>" + trace.string());
  const auto config = "[core]\n\thooksPath = " + hooks.string()
                      + "\n[uploadpack]\n\tpackObjectsHook = \"echo pack >>"
                      + trace.string() + "; false\"\n";
  // The mirror root, the repository, the gate's own home and working directory.
  for (const auto& where :
       {world.mirror_root(), world.repository(), world.dir.path(),
        world.dir / "home", world.dir / "run"}) {
    write_file(where / ".gitconfig", config);
    fs::create_directories(where / ".config/git");
    write_file(where / ".config/git/config", config);
  }
  const gate server{
      world,
      {{},
       {{"HOME", (world.dir / "home").string()},
        {"XDG_CONFIG_HOME", (world.dir / "home/.config").string()},
        {"GIT_CONFIG_GLOBAL", (world.dir / "home/.gitconfig").string()},
        {"GIT_CONFIG_SYSTEM", (world.dir / "home/.gitconfig").string()}}}};
  fs::remove(world.dir / "home/.gitconfig"); // our own client would read it
  fs::remove_all(world.dir / "home/.config");
  world.must_git({"clone", "-q", server.url(), "work"});
  world.commit("work", "mine", "mine\n");
  world.must_git({"push", "-q", server.url(), "main"}, "work");
  CHECK_EQ(read_file(trace), "");
}

TEST_CASE("a home and hooks that the operator names are used") {
  const gate_world world;
  world.seed();
  const auto trace = world.repository() / "ran"; // git may write there
  fs::create_directory(world.dir / "own-home");
  fs::create_directory(world.dir / "own-hooks");
  plant(world.dir / "own-hooks/post-receive",
        "echo \"$HOME\" >>" + trace.string());
  const gate server{world,
                    {{"--home", (world.dir / "own-home").string(),
                      "--hooks-path", (world.dir / "own-hooks").string()},
                     {}}};
  world.must_git({"clone", "-q", server.url(), "work"});
  world.commit("work", "mine", "mine\n");
  world.must_git({"push", "-q", server.url(), "main"}, "work");
  CHECK_EQ(read_file(trace),
           fs::canonical(world.dir / "own-home").string() + "\n");
}

TEST_CASE("the old tips of forced and deleted branches are saved") {
  const gate_world world;
  const auto hooks = install_hooks(world);
  const gate server{world, {{"--hooks-path", hooks.string()}, {}}};
  const auto marker = world.repository() / "terok-push-marker";
  auto rev = [&] { return world.must_git({"rev-parse", "HEAD"}, "work"); };
  const std::string none(40, '0');

  world.commit("work", "file", "one\n");
  const auto first = rev();
  auto push = [&](std::vector<std::string> refs) {
    refs.insert(refs.begin(), {"push", server.url()});
    auto result = world.git(std::move(refs), "work");
    INFO(result);
    CHECK(result.ok());
    return result.err;
  };
  CHECK_EQ(push({"main", "main:refs/heads/deep/branch"}).find("gate: saved"),
           std::string::npos);
  auto text = read_file(marker);
  CHECK_EQ(text[10], 'T');
  CHECK_EQ(text.substr(19, 2), "Z\n");
  CHECK_EQ(text.substr(21), "done\n" + none + ' ' + first + " refs/heads/main\n"
                                + none + ' ' + first
                                + " refs/heads/deep/branch\n");

  // A fast-forward takes nothing away.
  world.commit("work", "file", "two\n");
  const auto second = rev();
  CHECK_EQ(push({"main"}).find("gate: saved"), std::string::npos);
  CHECK_EQ(read_file(marker).substr(21),
           "done\n" + first + ' ' + second + " refs/heads/main\n");

  world.must_git({"commit", "-q", "--amend", "-m", "other"}, "work");
  const auto third = rev();
  const auto said = push({"+main", ":deep/branch", "main:refs/tags/t"});
  const auto refs = world.in_mirror(
      {"for-each-ref", "--format=%(objectname) %(refname)", "refs/terok/"});
  const auto line_end = refs.find('\n');
  REQUIRE_NE(line_end, std::string::npos);
  const auto deep = refs.substr(0, line_end);
  const auto forced = refs.substr(line_end + 1);
  const auto deep_start = first + " refs/terok/backup/deep/branch/";
  const auto forced_start = second + " refs/terok/backup/main/";
  REQUIRE(deep.starts_with(deep_start));
  REQUIRE(forced.starts_with(forced_start));
  CHECK(is_backup_stamp(deep.substr(deep_start.size())));
  CHECK(is_backup_stamp(forced.substr(forced_start.size())));
  CHECK(forced.ends_with(second));
  const auto note = [](const std::string& x) {
    return "gate: saved " + x.substr(41) + "\n";
  };
  CHECK_NE(said.find(note(forced).substr(0, note(forced).size() - 1)),
           std::string::npos);
  text = read_file(marker).substr(21);
  CHECK_NE(text.find(second + ' ' + third + " refs/heads/main\n"),
           std::string::npos);
  CHECK_NE(text.find(first + ' ' + none + " refs/heads/deep/branch\n"),
           std::string::npos);
  CHECK_NE(text.find(note(deep)), std::string::npos);
  CHECK_NE(text.find(note(forced)), std::string::npos);

  // Gone from the branches, but not from the repository.
  world.in_mirror({"gc", "-q", "--prune=now"});
  CHECK_EQ(world.in_mirror({"cat-file", "-t", second}), "commit");
}

TEST_CASE("a push cannot take the backups away") {
  const gate_world world;
  const auto hooks = install_hooks(world);
  const gate server{world, {{"--hooks-path", hooks.string()}, {}}};
  world.commit("work", "file", "one\n");
  world.must_git({"push", "-q", server.url(), "main"}, "work");
  const auto id = world.in_mirror({"rev-parse", "main"});
  const std::string backup = "refs/terok/backup/main/20200101T000000Z-123";
  world.in_mirror({"update-ref", backup, id});
  for (const auto& refspec : {":" + backup, "+main:" + backup + "x"}) {
    const auto refused = world.git({"push", server.url(), refspec}, "work");
    CHECK_EQ(refused.end, exited(1));
  }
  CHECK_EQ(
      world.in_mirror({"for-each-ref", "--format=%(refname)", "refs/terok"}),
      backup);
}

TEST_CASE("whatever goes wrong in post-receive, the push has worked") {
  const gate_world world;
  const auto hooks = install_hooks(world);
  // Before ours: the marker's place is taken by a directory with something in
  // it.
  fs::rename(hooks / "post-receive", hooks / "ours");
  plant(hooks / "post-receive",
        "rm terok-push-marker\nmkdir -p terok-push-marker/x\nexec '"
            + (hooks / "ours").string() + "'");
  const gate server{world, {{"--hooks-path", hooks.string()}, {}}};
  world.commit("work", "file", "one\n");
  const auto pushed = world.git({"push", server.url(), "main"}, "work");
  CHECK(pushed.ok());
  CHECK_NE(pushed.err.find("the push has worked, but its marker"),
           std::string::npos);
  server.process().await_err("the push has worked, but its marker");
  CHECK_EQ(world.in_mirror({"rev-parse", "main"}),
           world.must_git({"rev-parse", "main"}, "work"));
}

// The status of such a push is 200, and the client alone was told.
TEST_CASE(
    "a push that an operator's hook declines is a warning with its words") {
  const gate_world world;
  fs::create_directory(world.dir / "own-hooks");
  plant(world.dir / "own-hooks/update",
        "[ \"$1\" = refs/heads/main ] || { echo 'only main, please' >&2; exit "
        "1; }");
  gate server{world,
              {{"--hooks-path", (world.dir / "own-hooks").string()}, {}}};
  world.commit("work", "file", "one\n");
  const auto refs = {"main", "main:refs/heads/b", "main:refs/heads/c"};
  std::vector<std::string> words{"push", server.url()};
  words.insert(words.end(), refs.begin(), refs.end());
  CHECK_EQ(world.git(words, "work").end, exited(1));
  server.process().await_err(
      "declined=\"refs/heads/b hook declined (and 1 refs more)\"");
  server.process().await_err(
      "said=\"only main, please / error: hook declined to update "
      "refs/heads/b / only main, please / ");
  const auto log = server.process().err();
  const auto at = log.find("declined=");
  const auto line = log.substr(log.rfind('\n', at) + 1);
  CHECK_NE(line.substr(0, line.find('\n')).find("status=200"),
           std::string::npos);
  CHECK_EQ(world.in_mirror({"rev-parse", "main"}),
           world.must_git({"rev-parse", "main"}, "work"));
}

} // namespace gate_hooks_tests
