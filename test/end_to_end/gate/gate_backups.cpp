// The backup exists before a ref moves, and what cannot be saved does not move.

#include "test/end_to_end/world/hooked_gate.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gate_backups_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

using lines = std::vector<std::string>;

const std::string x = "refs/heads/x";

// An operator's own hook, which runs ours first.
void run_behind_ours(const gate_world& world, const std::string& script) {
  const auto hook = world.dir / "hooks/pre-receive";
  const auto ours = world.dir / "hooks/ours";
  fs::rename(hook, ours);
  write_file(hook,
             "#!/bin/sh\n" + ours.string() + " || exit\n" + script + '\n');
  fs::permissions(hook, fs::perms::owner_all);
}

} // namespace

// Git drops its own comparison when the old id is no object: the branch went
// and nothing was saved, the default branch and receive.denyDeletes included.
TEST_CASE("an old id that is not the ref's takes nothing away") {
  hooked_gate gate;
  gate.set(x, gate.id(1));
  const std::string unknown(40, 'd');
  for (const auto& new_id : {no_object, gate.id(0)})
    for (const auto& old_id : {no_object, unknown, gate.id(0), gate.id(2)}) {
      const auto report = gate.push({{old_id, new_id, x}});
      INFO(report);
      CHECK_EQ(report.status, 200);
      CHECK_FALSE(report.ok(x));
      CHECK_EQ(gate.value(x), gate.id(1));
    }
  CHECK(gate.saved().empty());
  gate.server().process().await_err("push refused: refs/heads/x has");
}

TEST_CASE(
    "zeros to zeros is refused for the default branch and for no branch") {
  hooked_gate gate;
  for (const std::string ref : {"refs/heads/main", "refs/heads/none"}) {
    const auto report = gate.push({{no_object, no_object, ref}});
    INFO(report);
    CHECK_FALSE(report.ok(ref));
    CHECK_NE(report.said.find("push refused"), std::string::npos);
  }
  CHECK_EQ(gate.value("refs/heads/main"), gate.id(2));
}

TEST_CASE("receive.denyDeletes holds, whatever the old id is") {
  hooked_gate gate;
  gate.world().in_mirror({"config", "receive.denyDeletes", "true"});
  gate.set(x, gate.id(1));
  for (const auto& old_id : {no_object, gate.id(0), gate.id(1)})
    CHECK_FALSE(gate.push({{old_id, no_object, x}}).ok(x));
  CHECK_EQ(gate.value(x), gate.id(1));
}

TEST_CASE("an id of a wrong length is no push") {
  hooked_gate gate;
  gate.set(x, gate.id(1));
  for (const auto& old_id : {gate.id(1).substr(1), gate.id(1) + "00",
                             std::string(64, '0'), std::string()}) {
    const auto report = gate.push({{old_id, no_object, x}});
    CHECK_FALSE(report.ok(x));
  }
  CHECK_EQ(gate.value(x), gate.id(1));
  CHECK(gate.saved().empty());
}

TEST_CASE("a ref that is named twice is refused") {
  hooked_gate gate;
  gate.set(x, gate.id(1));
  for (const auto* atomic : {"", "atomic"}) {
    CHECK_FALSE(
        gate.push({{gate.id(1), gate.id(0), x}, {gate.id(1), no_object, x}},
                  atomic)
            .ok(x));
    CHECK_FALSE(
        gate.push({{gate.id(1), gate.id(0), x}, {gate.id(0), no_object, x}},
                  atomic)
            .ok(x));
  }
  CHECK_EQ(gate.value(x), gate.id(1));
}

TEST_CASE("of several commands one that is false refuses all") {
  hooked_gate gate;
  gate.set(x, gate.id(1));
  gate.set("refs/heads/y", gate.id(1));
  const auto report = gate.push(
      {{gate.id(1), no_object, x}, {no_object, no_object, "refs/heads/y"}});
  INFO(report);
  CHECK_FALSE(report.ok(x));
  CHECK_EQ(gate.value(x), gate.id(1));
  CHECK_EQ(gate.value("refs/heads/y"), gate.id(1));
  CHECK(gate.saved().empty());
}

TEST_CASE("what is deleted or changed is saved, whatever kind of ref it is") {
  hooked_gate gate;
  const auto tag = [&](const std::string& name) {
    gate.world().in_mirror({"-c", "user.name=a", "-c", "user.email=a@e", "tag",
                            "-a", "-m", name, name, gate.id(0)});
    return gate.value("refs/tags/" + name);
  };
  const auto one = tag("one");
  const auto two = tag("two");
  gate.set(x, gate.id(1));
  gate.set("refs/notes/commits", gate.id(1));
  gate.set("refs/other", gate.id(0));
  const auto report = gate.push({
      {gate.id(1), gate.id(0), x},                 // back
      {gate.id(2), gate.id(1), "refs/heads/main"}, // back
      {one, two, "refs/tags/one"},                 // the same commit
      {two, no_object, "refs/tags/two"},
      {gate.id(1), gate.id(2), "refs/notes/commits"}, // forward
      {gate.id(0), no_object, "refs/other"},
      {no_object, gate.id(2), "refs/heads/new"},
  });
  INFO(report);
  CHECK(report.ok(x));
  CHECK(report.ok("refs/tags/two"));
  lines wanted{gate.id(1) + " refs/terok/backup/x",
               gate.id(2) + " refs/terok/backup/main",
               one + " refs/terok/backup-other/tags/one",
               two + " refs/terok/backup-other/tags/two",
               gate.id(1) + " refs/terok/backup-other/notes/commits",
               gate.id(0) + " refs/terok/backup-other/other"};
  std::sort(wanted.begin(), wanted.end());
  CHECK(gate.saved() == wanted);
  CHECK_EQ(gate.marker().substr(20, 6), "\ndone\n");
}

TEST_CASE("up to 16 branches that move forward are not saved, more are") {
  hooked_gate gate;
  for (const int count : {16, 17}) {
    std::vector<push_command> commands;
    for (int i = 0; i < count; ++i) {
      const auto ref = "refs/heads/b" + std::to_string(i);
      gate.set(ref, gate.id(0));
      commands.push_back({gate.id(0), gate.id(1), ref});
    }
    const auto report = gate.push(commands);
    INFO(report);
    CHECK(report.ok("refs/heads/b0"));
    CHECK_EQ(gate.saved().size(), count == 16 ? 0 : 17);
  }
}

// A replacement object of the new tip, with the old one as its parent, made a
// forced push look like a move forward.
TEST_CASE("a replacement object hides nothing and cannot be pushed") {
  hooked_gate gate;
  const auto& world = gate.world();
  const auto tree = world.in_mirror({"rev-parse", "main^{tree}"});
  const auto orphan = world.must_git({"--git-dir", world.repository().string(),
                                      "commit-tree", "-m", "new", tree});
  const auto fake =
      world.must_git({"--git-dir", world.repository().string(), "commit-tree",
                      "-m", "new", "-p", gate.id(2), tree});
  const auto replacement = "refs/replace/" + orphan;
  auto report = gate.push(
      {{no_object, fake, replacement}, {no_object, orphan, "refs/heads/fine"}});
  INFO(report);
  CHECK_FALSE(report.ok(replacement));
  CHECK(report.ok("refs/heads/fine"));
  gate.set(replacement, fake); // the operator's own
  report = gate.push({{gate.id(2), orphan, "refs/heads/main"}});
  CHECK(report.ok("refs/heads/main"));
  CHECK(gate.saved() == lines{gate.id(2) + " refs/terok/backup/main"});
}

TEST_CASE("the same tip toggled at once is saved each time") {
  hooked_gate gate;
  gate.set(x, gate.id(1));
  for (int i = 0; i < 3; ++i) {
    auto report = gate.push({{gate.id(1), gate.id(0), x}});
    INFO(report);
    CHECK(report.ok(x));
    report = gate.push({{gate.id(0), gate.id(1), x}}); // forward
    CHECK(report.ok(x));
  }
  for (const auto& line : gate.saved())
    CHECK_EQ(line, gate.id(1) + " refs/terok/backup/x");
  CHECK_FALSE(gate.saved().empty());
}

TEST_CASE("a tip that cannot be saved stays, and the log says why") {
  hooked_gate gate;
  gate.set(x, gate.id(1));
  SUBCASE("a ref lies where the backup has to be") {
    gate.set("refs/terok/backup/x", gate.id(0));
    const auto report = gate.push({{gate.id(1), no_object, x}});
    CHECK_NE(report.said.find("cannot save"), std::string::npos);
    gate.server().process().await_err("cannot save what this push takes away");
  }
  SUBCASE("its object is missing") {
    const auto gone =
        gate.world().in_mirror({"-c", "user.name=a", "-c", "user.email=a@e",
                                "commit-tree", "-m", "gone", "main^{tree}"});
    gate.set(x, gone);
    fs::remove(gate.world().repository() / "objects" / gone.substr(0, 2)
               / gone.substr(2));
    const auto report = gate.push({{gone, no_object, x}});
    INFO(report);
    CHECK_FALSE(report.ok(x));
    CHECK_EQ(read_file(gate.world().repository() / x), gone + "\n");
    gate.server().process().await_err("git update-ref -d refs/heads/x");
    return;
  }
  SUBCASE("the marker cannot be written") {
    fs::create_directories(gate.world().repository() / "terok-push-marker/x");
    const auto report = gate.push({{gate.id(1), no_object, x}});
    CHECK_NE(report.said.find("cannot replace"), std::string::npos);
    gate.server().process().await_err("cannot replace terok-push-marker");
    for (const auto& entry : fs::directory_iterator(gate.world().repository()))
      CHECK_EQ(entry.path().string().find("marker."), std::string::npos);
  }
  CHECK_EQ(gate.value(x), gate.id(1));
}

TEST_CASE("a name that could block backups cannot be pushed") {
  hooked_gate gate;
  const auto stamp = "20300101T000000Z-" + gate.id(0);
  for (const auto& ref : {"refs/heads/x/" + stamp, "refs/tags/" + stamp,
                          "refs/heads/" + stamp + "/x"}) {
    const auto report = gate.push({{no_object, gate.id(0), ref}});
    INFO(report);
    CHECK_FALSE(report.ok(ref));
    CHECK_EQ(gate.value(ref), "");
  }
}

TEST_CASE("backups are not shown, and a mirror can be pushed") {
  hooked_gate gate;
  gate.set("refs/terok/backup/x/20990101T000000Z-0123456789ab", gate.id(0));
  const auto& world = gate.world();
  CHECK_EQ(world.must_git({"ls-remote", gate.server().url(), "refs/terok/*"}),
           "");
  world.must_git({"clone", "-q", "--mirror", gate.server().url(), "m.git"});
  CHECK_EQ(world.must_git({"for-each-ref", "refs/terok/"}, "m.git"), "");
  world.must_git({"push", "-q", "--mirror", gate.server().url()}, "m.git");
  CHECK_EQ(gate.saved().size(), 1);
}

// The ref moves between the hook and the update. A hook of the operator's,
// which runs ours first, is the mover.
TEST_CASE("a ref that moves after the hook is not overwritten") {
  hooked_gate gate;
  gate.set(x, gate.id(1));
  gate.set("refs/heads/y", gate.id(1));
  run_behind_ours(gate.world(),
                  "unset GIT_QUARANTINE_PATH\n"
                  "git -c core.hooksPath=/dev/null update-ref refs/heads/x "
                      + gate.id(2));
  const std::vector<push_command> both{
      {gate.id(1), no_object, x}, {gate.id(1), gate.id(0), "refs/heads/y"}};
  SUBCASE("atomic") {
    const auto report = gate.push(both, "atomic");
    INFO(report);
    CHECK_FALSE(report.ok(x));
    CHECK_EQ(gate.value("refs/heads/y"), gate.id(1));
  }
  SUBCASE("each for itself") {
    const auto report = gate.push(both);
    INFO(report);
    CHECK_FALSE(report.ok(x));
    CHECK(report.ok("refs/heads/y"));
    CHECK_EQ(gate.value("refs/heads/y"), gate.id(0));
  }
  CHECK_EQ(gate.value(x), gate.id(2));
  CHECK(gate.saved()
        == lines{gate.id(1) + " refs/terok/backup/x",
                 gate.id(1) + " refs/terok/backup/y"});
}

// Git ends at the first word that it cannot say; the refs had moved by then.
TEST_CASE("a push runs on when its client leaves") {
  hooked_gate gate;
  const auto& world = gate.world();
  std::string refs;
  std::vector<push_command> commands;
  for (int i = 0; i < 400; ++i) {
    const auto ref = "refs/heads/deep/" + std::to_string(i);
    refs += "create " + ref + ' ' + gate.id(1) + '\n';
    commands.push_back({gate.id(1), no_object, ref});
  }
  auto options =
      world.git_options({"update-ref", "--stdin"}, world.repository());
  options.stdin_bytes = refs;
  child create{std::move(options)};
  REQUIRE_EQ(create.wait(), exited(0));
  // Behind ours: waits until the client is gone, then says more than any buffer
  // takes.
  const auto go = world.repository() / "go";
  REQUIRE_EQ(::mkfifo(go.c_str(), 0600), 0);
  run_behind_ours(world, "read word <" + go.string()
                             + "\nhead -c 3000000 /dev/zero | tr '\\0' '\\n' "
                               ">&2");
  {
    auto client = gate.server().client();
    client.send(
        receive_pack_request(gate_world::token, receive_pack_body(commands)));
    const unique_fd hook{::open(go.c_str(), O_WRONLY | O_CLOEXEC)};
    REQUIRE(hook);
    CHECK_EQ(gate.saved().size(), 400);
    CHECK_EQ(gate.marker().substr(20, 7), "\nasked\n");
    client = http_client{raw_socket{unique_fd{}}};
    REQUIRE_EQ(::write(hook.get(), "go\n", 3), 3);
  }
  gate.server().process().await_err("client left");
  await_no_descendants(gate.server().process().pid());
  CHECK_EQ(gate.value("refs/heads/deep/"), "");
  CHECK_EQ(gate.saved().size(), 400);
  CHECK_EQ(gate.marker().substr(20, 6), "\ndone\n");
}

} // namespace gate_backups_tests
