// What an idle gate does for its repositories, and the bounds of backups.

#include "test/end_to_end/world/hooked_gate.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <signal.h>

namespace gate_upkeep_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

const std::string main_ref = "refs/heads/main";

std::string packed(const std::string& id, const std::string& ref) {
  return id + ' ' + ref + '\n';
}

std::string numbered(std::size_t n) {
  const auto digits = std::to_string(n);
  return std::string(5 - digits.size(), '0') + digits;
}

/// A backup of branch `n`, made in the year 2099: it does not expire. `mark` is
/// a token's, with a dash before it.
std::string young_backup(std::size_t n, const std::string& id,
                         const std::string& mark = "") {
  return "refs/terok/backup/b" + numbered(n) + "/20990101T000000Z-" + id + mark;
}

std::string old_backup(const std::string& branch, const std::string& id) {
  return "refs/terok/backup/" + branch + "/20200101T000000Z-" + id;
}

/// A world with one commit on main, and no gate yet.
struct upkeep_world : gate_world {
  upkeep_world() {
    seed();
    id = in_mirror({"rev-parse", "main"});
  }

  /// Puts backups into packed-refs, `count` of them.
  void pack_young(std::size_t count, const std::string& mark = "") const {
    std::string text = "# pack-refs with: peeled fully-peeled sorted \n";
    text += packed(id, main_ref);
    for (std::size_t i = 0; i < count; ++i)
      text += packed(id, young_backup(i, id, mark));
    write_file(repository() / "packed-refs", text);
    fs::remove(repository() / main_ref);
  }

  std::string backups() const {
    return in_mirror({"for-each-ref", "--format=%(refname)", "refs/terok"});
  }

  gate_options options(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"--hooks-path", install_hooks(*this).string()});
    return {std::move(more), {}};
  }

  push_report remove_x(const gate& server, std::string_view shown) const {
    auto client = server.client();
    return read_push_report(client.call(receive_pack_request(
        shown, receive_pack_body({{id, no_object, "refs/heads/x"}}))));
  }

  std::string id;
};

} // namespace

TEST_CASE("a gate that starts removes expired backups, by its own age") {
  const upkeep_world world;
  const auto old = old_backup("x", world.id);
  const auto young = young_backup(1, world.id);
  world.in_mirror({"update-ref", old, world.id});
  world.in_mirror({"update-ref", young, world.id});
  SUBCASE("30 days") {
    gate server{world, world.options()};
    server.process().await_err(
        "removed 1 backups that were older than 30 days");
    CHECK_EQ(world.backups(), young);
  }
  SUBCASE("the operator's") {
    // The first one is from 2020.
    gate server{world, world.options({"--backup-days", "36500"})};
    REQUIRE_EQ(server.stop(), exited(0)); // upkeep is waited for
    CHECK_EQ(world.backups(), young + '\n' + old);
    CHECK_EQ(server.process().err().find("removed"), std::string::npos);
  }
}

TEST_CASE("a gate that starts packs refs, from 1001 loose backups on") {
  const upkeep_world world;
  std::string refs;
  for (std::size_t i = 0; i < 1000; ++i)
    refs += "create " + young_backup(i, world.id) + ' ' + world.id + '\n';
  auto create = [&](const std::string& text) {
    auto options =
        world.git_options({"update-ref", "--stdin"}, world.repository());
    options.stdin_bytes = text;
    child process{std::move(options)};
    REQUIRE_EQ(process.wait(), exited(0));
  };
  create(refs);
  const auto loose = world.repository() / young_backup(7, world.id);
  {
    gate server{world, world.options()};
    REQUIRE_EQ(server.stop(), exited(0));
    CHECK(fs::exists(loose));
  }
  create("create " + young_backup(1000, world.id) + ' ' + world.id + '\n');
  gate server{world, world.options()};
  server.process().await_err("packed the refs: more than 1000 backups");
  CHECK_FALSE(fs::exists(loose));
  CHECK_EQ(world.in_mirror({"rev-parse", young_backup(7, world.id)}), world.id);
}

// Refs are files and directories.
TEST_CASE("a ref that keeps backups from being made is told at the start") {
  for (const std::string ref :
       {"refs/terok", "refs/terok/backup", "refs/terok/backup-other"}) {
    const upkeep_world world;
    world.in_mirror({"update-ref", ref, world.id});
    gate server{world, world.options()};
    server.process().await_err("the ref " + ref
                               + " is where backups have to be");
    server.process().await_err("git update-ref -d " + ref);
  }
}

TEST_CASE("all repositories of the grants are tended, also by `*`") {
  const upkeep_world world;
  const auto old = old_backup("x", world.id);
  world.in_mirror({"update-ref", old, world.id});
  write_file(world.dir / "grants", R"({"grants": [{"token_sha256":
    "d2f4f3b2ed3fbed3b3d3cb5d3ea3d6bf3b6ae2ba4b4bce1a9c67a9ea3a45b0f2",
    "scope": "*", "access": "read-only"}]})");
  auto options = world.options({"--grants", (world.dir / "grants").string()});
  options.token = false;
  gate server{world, options};
  server.process().await_err("r.git: removed 1 backups");
  CHECK_EQ(world.backups(), "");
}

TEST_CASE("at the bound of backups a push that needs one is refused") {
  const upkeep_world world;
  world.pack_young(9999);
  world.in_mirror({"update-ref", "refs/heads/x", world.id});
  gate server{world, world.options()};
  CHECK(world.remove_x(server, gate_world::token).ok("refs/heads/x"));
  world.in_mirror({"update-ref", "refs/heads/x", world.id});
  const auto report = world.remove_x(server, gate_world::token);
  INFO(report);
  CHECK_FALSE(report.ok("refs/heads/x"));
  CHECK_NE(report.said.find("the repository has 10000"), std::string::npos);
  server.process().await_err("push refused: this push needs 1 backups more");
  CHECK_EQ(world.in_mirror({"rev-parse", "refs/heads/x"}), world.id);
  // What needs no backup is taken.
  world.must_git({"push", "-q", server.url(), "main:new"}, "seed");
}

TEST_CASE("one of several tokens has half of the backups") {
  const upkeep_world world;
  // SHA-256 of `a` and of `b`.
  const std::string a =
      "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
  const std::string b =
      "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";
  write_file(world.dir / "grants",
             R"({"grants": [{"scope": "r", "access": "read-write",
                             "token_sha256": ")"
                 + a + R"("}, {"scope": "r", "access": "read-write",
                             "token_sha256": ")"
                 + b + R"("}]})");
  world.pack_young(4999, "-" + a.substr(0, 8));
  world.in_mirror({"update-ref", "refs/heads/x", world.id});
  auto options = world.options({"--grants", (world.dir / "grants").string()});
  options.token = false;
  gate server{world, options};
  CHECK(world.remove_x(server, "a").ok("refs/heads/x"));
  world.in_mirror({"update-ref", "refs/heads/x", world.id});
  const auto report = world.remove_x(server, "a");
  INFO(report);
  CHECK_FALSE(report.ok("refs/heads/x"));
  server.process().await_err("this token has 5000 and the bound is 5000");
  CHECK(world.remove_x(server, "b").ok("refs/heads/x"));
  CHECK_NE(world
               .in_mirror({"for-each-ref", "--format=%(refname)",
                           "refs/terok/backup/x"})
               .find(world.id + "-" + b.substr(0, 8)),
           std::string::npos);
}

} // namespace gate_upkeep_tests
