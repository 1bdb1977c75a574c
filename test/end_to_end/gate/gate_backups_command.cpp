// `terok-gate backups`: what the operator sees of backups, and does with them.

#include "test/end_to_end/world/hooked_gate.hpp"

#include <doctest/doctest.h>

namespace gate_backups_command_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

struct command_result {
  ending end;
  std::string out;
  std::string err;
};

/// A repository with three commits on main, each the parent of the next, and
/// some backups; no gate serves it.
struct kept_world : gate_world {
  kept_world() {
    for (auto* text : {"one\n", "two\n", "three\n"}) {
      commit("seed", "file", text);
      ids.push_back(must_git({"rev-parse", "HEAD"}, "seed"));
    }
    must_git({"push", "-q", repository().string(), "main"}, "seed");
  }

  std::string keep(const std::string& where, const std::string& time,
                   std::size_t index) const {
    auto name = "refs/terok/" + where + '/' + time + '-' + ids.at(index);
    in_mirror({"update-ref", name, ids.at(index)});
    return name;
  }

  command_result run(std::vector<std::string> words) const {
    child_options options;
    options.argv = {terok_gate(), "backups", words.at(0), repository()};
    options.argv.insert(options.argv.end(), words.begin() + 1, words.end());
    child process{std::move(options)};
    const auto end = process.wait();
    return {end, process.out(), process.err()};
  }

  std::string all() const {
    auto result =
        in_mirror({"for-each-ref", "--format=%(refname)", "refs/terok"});
    return result.empty() ? result : result + '\n';
  }

  std::vector<std::string> ids;
};

constexpr auto early = "20250102T030405Z";
constexpr auto late = "20990102T030405Z";

} // namespace

TEST_CASE("backups are listed, the oldest first, in every form of their name") {
  const kept_world world;
  CHECK_EQ(world.run({"list"}).out, "");
  const auto second = world.keep("backup/a/b", late, 1);
  const auto first = world.keep("backup-other/tags/v1", early, 0);
  const auto third = world.keep("backup/x", "20990102T030406Z", 2);
  const auto marked = third + "-0123abcd";
  world.in_mirror({"update-ref", marked, world.ids[2]});
  const auto shortened =
      "refs/terok/backup/old/20240102T030405Z-" + world.ids[1].substr(0, 12);
  world.in_mirror({"update-ref", shortened, world.ids[1]});
  world.in_mirror({"update-ref", "refs/terok/else", world.ids[0]});
  const auto x = world.run({"list"});
  CHECK_EQ(x.end, exited(0));
  CHECK_EQ(x.err, "");
  CHECK_EQ(x.out, "2024-01-02T03:04:05Z " + world.ids[1] + " refs/heads/old "
                      + shortened + "\n2025-01-02T03:04:05Z " + world.ids[0]
                      + " refs/tags/v1 " + first + "\n2099-01-02T03:04:05Z "
                      + world.ids[1] + " refs/heads/a/b " + second
                      + "\n2099-01-02T03:04:06Z " + world.ids[2]
                      + " refs/heads/x " + third + "\n2099-01-02T03:04:06Z "
                      + world.ids[2] + " refs/heads/x " + marked + '\n');
}

TEST_CASE("a backup is restored, and what the ref had is saved") {
  const kept_world world;
  const auto backup = world.keep("backup/main", early, 0);
  const auto x = world.run({"restore", backup});
  CHECK_EQ(x.end, exited(0));
  CHECK_EQ(world.in_mirror({"rev-parse", "main"}), world.ids[0]);
  const auto first_line = x.out.substr(0, x.out.find('\n'));
  CHECK(first_line.starts_with("saved refs/terok/backup/main/"));
  CHECK(first_line.ends_with(world.ids[2]));
  CHECK_EQ(x.out.substr(first_line.size() + 1),
           "refs/heads/main has " + world.ids[0] + " again\n");
  // And back.
  const auto saved = first_line.substr(std::string("saved ").size());
  CHECK_EQ(world.run({"restore", saved}).end, exited(0));
  CHECK_EQ(world.in_mirror({"rev-parse", "main"}), world.ids[2]);
}

TEST_CASE("a ref that is gone, or has the value already, is restored") {
  const kept_world world;
  const auto tag = world.keep("backup-other/tags/v1", early, 1);
  const auto same = world.keep("backup/main", early, 2);
  for (const auto& backup : {tag, same}) {
    const auto x = world.run({"restore", backup});
    CHECK_EQ(x.end, exited(0));
    CHECK_EQ(x.out.find("saved"), std::string::npos);
  }
  CHECK_EQ(world.in_mirror({"rev-parse", "v1"}), world.ids[1]);
  CHECK_EQ(world.all(), tag + '\n' + same + '\n');
}

TEST_CASE("what is no backup is not restored") {
  const kept_world world;
  for (const auto* name : {"refs/heads/main", "main", "refs/terok/backup/x"}) {
    const auto x = world.run({"restore", name});
    CHECK_EQ(x.end, exited(1));
    CHECK_EQ(x.err, std::string("terok-gate: backups: ") + name
                        + " is no backup; `backups list` shows them\n");
  }
}

// A branch `a` cannot be where a branch `a/b` is.
TEST_CASE("a restore that git refuses changes nothing") {
  const kept_world world;
  world.in_mirror({"update-ref", "refs/heads/a/b", world.ids[0]});
  const auto backup = world.keep("backup/a", early, 1);
  const auto x = world.run({"restore", backup});
  CHECK_EQ(x.end, exited(1));
  CHECK(x.err.starts_with("terok-gate: backups: nothing was changed: "));
  CHECK_EQ(world.all(), backup + '\n');
}

TEST_CASE("old backups are removed, and the refs packed") {
  const kept_world world;
  const auto old = world.keep("backup/main", early, 0);
  const auto young = world.keep("backup/main", late, 1);
  SUBCASE("by the default age") {
    const auto x = world.run({"expire"});
    CHECK_EQ(x.end, exited(0));
    CHECK_EQ(x.out, "removed " + world.ids[0] + ' ' + old + '\n');
    CHECK_EQ(world.all(), young + '\n');
    CHECK_FALSE(fs::exists(world.repository() / young)); // packed
  }
  SUBCASE("by another age") {
    const auto x = world.run({"expire", "--backup-days", "36500"});
    CHECK_EQ(x.end, exited(0));
    CHECK_EQ(x.out, "");
    CHECK_EQ(world.all(), old + '\n' + young + '\n');
  }
}

TEST_CASE("all backups of a ref are removed at once, whatever their age") {
  const kept_world world;
  const auto old = world.keep("backup/main", early, 0);
  const auto young = world.keep("backup/main", late, 1);
  const auto other = world.keep("backup/main/x", early, 0);
  const auto tag = world.keep("backup-other/tags/main", early, 0);
  SUBCASE("of a ref") {
    CHECK_EQ(world.run({"expire", "--now", "refs/heads/main"}).end, exited(0));
    CHECK_EQ(world.all(), tag + '\n' + other + '\n');
  }
  SUBCASE("one backup") {
    CHECK_EQ(world.run({"expire", "--now", young}).end, exited(0));
    CHECK_EQ(world.all(), tag + '\n' + old + '\n' + other + '\n');
  }
  SUBCASE("of a ref without any") {
    const auto x = world.run({"expire", "--now", "main"});
    CHECK_EQ(x.end, exited(1));
    CHECK_EQ(x.err, "terok-gate: backups: there is no backup of main\n");
  }
}

// The secret that was pushed: the page's example.
TEST_CASE("what a removed backup kept goes with the next gc") {
  const kept_world world;
  world.in_mirror({"update-ref", "refs/heads/main", world.ids[0]});
  world.keep("backup/main", late, 2);
  CHECK_EQ(world.run({"expire", "--now", "refs/heads/main"}).end, exited(0));
  world.in_mirror({"gc", "-q", "--prune=now"});
  CHECK_FALSE(
      world.git({"cat-file", "-e", world.ids[2]}, world.repository()).ok());
}

TEST_CASE("a repository that is none is told") {
  const temp_dir dir;
  for (const auto* action : {"list", "expire"}) {
    child_options options;
    options.argv = {terok_gate(), "backups", action, dir / "none.git"};
    child process{std::move(options)};
    CHECK_EQ(process.wait(), exited(1));
    CHECK_EQ(process.err(),
             "terok-gate: backups: " + (dir / "none.git").string()
                 + ": No such file or directory\n");
  }
  child_options options;
  options.argv = {terok_gate(), "backups", "list", dir.path()};
  child process{std::move(options)};
  CHECK_EQ(process.wait(), exited(1));
  CHECK_EQ(
      process.err().find("terok-gate: backups: " + dir.path().string() + ": "),
      0);
  CHECK_NE(process.err().find("not a git repository"), std::string::npos);
}

} // namespace gate_backups_command_tests
