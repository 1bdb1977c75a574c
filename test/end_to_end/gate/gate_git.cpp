// Fetch and push with the real git.

#include "test/end_to_end/world/gate_deployment.hpp"

#include <doctest/doctest.h>

namespace gate_git_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

TEST_CASE("a clone is what was there, in every version of the protocol") {
  const gate_world world;
  world.seed("what was there\n");
  const gate server{world};
  for (std::string version : {"0", "1", "2"}) {
    CAPTURE(version);
    const auto to = "clone" + version;
    world.must_git(
        {"-c", "protocol.version=" + version, "clone", "-q", server.url(), to});
    CHECK_EQ(read_file(world.dir / (to + "/file")), "what was there\n");
    CHECK_EQ(world.must_git({"rev-parse", "HEAD"}, to),
             world.in_mirror({"rev-parse", "main"}));
    world.must_git({"fsck", "--full", "--strict"}, to);
  }
}

TEST_CASE("a shallow clone grows until it is whole") {
  const gate_world world;
  world.history(world.repository(), 5, "theirs");
  const gate server{world};
  for (std::string version : {"0", "2"}) {
    CAPTURE(version);
    const auto to = "clone" + version;
    auto count = [&] {
      return world.must_git({"rev-list", "--count", "HEAD"}, to);
    };
    world.must_git({"-c", "protocol.version=" + version, "clone", "-q",
                    "--depth", "1", server.url(), to});
    CHECK_EQ(count(), "1");
    world.must_git(
        {"-c", "protocol.version=" + version, "fetch", "-q", "--deepen", "2"},
        to);
    CHECK_EQ(count(), "3");
    world.must_git(
        {"-c", "protocol.version=" + version, "fetch", "-q", "--unshallow"},
        to);
    CHECK_EQ(count(), "5");
  }
}

TEST_CASE("a partial clone fetches what it lacks when it is looked at") {
  const gate_world world;
  world.commit("seed", "old", noise(5000));
  world.commit("seed", "old", "new\n");
  world.must_git({"push", "-q", world.repository(), "main"}, "seed");
  world.in_mirror({"config", "uploadpack.allowFilter", "true"});
  world.in_mirror({"config", "uploadpack.allowAnySHA1InWant", "true"});
  const gate server{world};
  world.must_git({"clone", "-q", "--filter=blob:none", server.url(), "clone"});
  CHECK_EQ(world.must_git({"show", "HEAD:old"}, "clone"), "new");
  const auto missing = world.must_git(
      {"rev-list", "--objects", "--all", "--missing=print"}, "clone");
  CHECK_NE(missing.find('?'), std::string::npos);
  const auto fetched = world.git({"show", "HEAD~1:old"}, "clone");
  CHECK(fetched.ok());
  CHECK_EQ(fetched.out, noise(5000));
}

TEST_CASE("a fetch with many refs sends its body compressed") {
  // Git compresses bodies above 1 KiB: some tens of `have` lines.
  const gate_world world;
  world.history(world.repository(), 60, "theirs");
  const gate server{world};
  for (std::string version : {"0", "2"}) {
    const auto to = "clone" + version;
    world.must_git({"clone", "-q", server.url(), to});
    world.history(to, 60, "mine");
    world.history(world.repository(), 1, "newest");
    auto options = world.git_options(
        {"-c", "protocol.version=" + version, "fetch", "-q", "origin", "main"},
        to);
    options.environment.emplace_back("GIT_TRACE_CURL", "1");
    options.environment.emplace_back("GIT_TRACE_CURL_NO_DATA", "1");
    child fetch{std::move(options)};
    CHECK_EQ(fetch.wait(), exited(0));
    CHECK_NE(fetch.err().find("Content-Encoding: gzip"), std::string::npos);
    CHECK_EQ(world.must_git({"rev-parse", "FETCH_HEAD"}, to),
             world.in_mirror({"rev-parse", "main"}));
  }
}

// The reference breaks on every push above 1 MiB: git sends those chunked.
TEST_CASE("a push of any size arrives") {
  const gate_world world;
  const gate server{world};
  for (std::size_t mib : {0U, 2U, 40U}) {
    CAPTURE(mib);
    const auto content = noise(mib * 1024 * 1024 + 10, unsigned(mib) + 1);
    world.commit("work", "file", content);
    const auto result = world.git({"push", server.url(), "main"}, "work");
    INFO(result);
    REQUIRE(result.ok());
    CHECK_EQ(world.in_mirror({"rev-parse", "main"}),
             world.must_git({"rev-parse", "main"}, "work"));
    world.must_git({"clone", "-q", server.url(), "clone"});
    CHECK(read_file(world.dir / "clone/file") == content);
    fs::remove_all(world.dir / "clone");
  }
  world.in_mirror({"fsck", "--full", "--strict"});
}

TEST_CASE("branches are forced and deleted") {
  const gate_world world;
  const gate server{world};
  world.commit("work", "file", "one\n");
  world.must_git({"push", "-q", server.url(), "main", "main:refs/heads/b"},
                 "work");
  world.must_git({"commit", "-q", "--amend", "-m", "other"}, "work");
  const auto refused = world.git({"push", "-q", server.url(), "main"}, "work");
  CHECK_EQ(refused.end, exited(1)); // not a fast-forward
  world.must_git({"push", "-q", "--force", server.url(), "main"}, "work");
  CHECK_EQ(world.in_mirror({"rev-parse", "main"}),
           world.must_git({"rev-parse", "main"}, "work"));
  world.must_git({"push", "-q", server.url(), ":b"}, "work");
  CHECK_EQ(world.in_mirror({"for-each-ref", "--format=%(refname)"}),
           "refs/heads/main");
}

TEST_CASE("eight clones at once are all whole") {
  const gate_world world;
  world.commit("seed", "file", noise(8 * 1024 * 1024));
  world.must_git({"push", "-q", world.repository(), "main"}, "seed");
  const gate server{world};
  std::vector<child> clones;
  for (int i = 0; i < 8; ++i)
    clones.emplace_back(world.git_options(
        {"clone", "-q", server.url(), "clone" + std::to_string(i)}));
  for (auto& x : clones)
    CHECK_EQ(x.wait(std::chrono::seconds{60}), exited(0));
  for (int i = 0; i < 8; ++i)
    CHECK(read_file(world.dir / ("clone" + std::to_string(i) + "/file"))
          == noise(8 * 1024 * 1024));
}

TEST_CASE("a wrong token and another repository are refused") {
  const gate_world world;
  world.seed();
  const gate server{world};
  const auto wrong = world.git({"clone", "-q", server.url("wrong"), "c"});
  CHECK_EQ(wrong.end, exited(128));
  CHECK_NE(wrong.err.find("403"), std::string::npos);
  world.must_git({"clone", "-q", "--bare", world.repository(),
                  world.mirror_root() / "s.git"});
  const auto other =
      world.git({"clone", "-q", server.url(gate_world::token, "s"), "c"});
  CHECK_EQ(other.end, exited(128));
  CHECK_NE(other.err.find("403"), std::string::npos);
  const auto none = world.git(
      {"clone", "-q",
       "http://127.0.0.1:" + std::to_string(server.port()) + "/r.git", "c"});
  CHECK_EQ(none.end, exited(128));
  CHECK_FALSE(fs::exists(world.dir / "c"));
}

} // namespace gate_git_tests
