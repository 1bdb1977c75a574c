#include "actors/io/gate/hook_files.hpp"

#include "protocol/gate/hook_script.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/fixture/log_record.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace hook_files_tests {

using namespace clearance;
namespace fs = std::filesystem;
using paths = std::vector<std::string>;

namespace {

constexpr auto written_anew =
    "wrote a hook anew: it was of another version, or its program could not be "
    "executed";
constexpr auto not_ours =
    "a hook of yours is in the place of ours: what pushes delete or change is "
    "saved only if it does that. To get ours, remove the file and start the "
    "gate again";
constexpr auto unwritten =
    "a hook of ours cannot be written: what pushes delete or change is not "
    "saved. Make the directory writable and start the gate again, or run "
    "terok-gate --install-hooks";

struct fixture {
  const test::temp_dir dir;
  const fs::path hooks = dir / "hooks";
  const fs::path first = hooks / "pre-receive";
  const fs::path second = hooks / "post-receive";
  const std::string program = make_program(dir / "terok-gate");
  test::log_record log;

  fixture() { fs::create_directory(hooks); }

  static std::string make_program(const fs::path& path) {
    fs::create_directories(path.parent_path());
    test::write_file(path, "#!/bin/sh\n");
    fs::permissions(path, fs::perms::owner_all);
    return path.string();
  }

  void settle() { io::settle_hooks(hooks.string(), program); }

  bool runs(const fs::path& hook, const std::string& what) const {
    return test::read_file(hook)
               == protocol::hook_script(what, hook.filename().string())
           && test::mode_of(hook) == 0700;
  }

  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(hooks), {});
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "hooks that are missing are written") {
  settle();
  CHECK(runs(first, program));
  CHECK(runs(second, program));
  CHECK_EQ(files(), 2);
  CHECK(log.all().empty());
}

TEST_CASE_FIXTURE(fixture, "hooks of ours that work are left alone") {
  const auto other = make_program(dir / "other/terok-gate");
  REQUIRE_EQ(io::write_hook(hooks.string(), "pre-receive", other), "");
  settle();
  CHECK(runs(first, other));
  CHECK(runs(second, program));
  CHECK(log.all().empty());
}

TEST_CASE_FIXTURE(fixture, "hooks of ours that do not work are written anew") {
  SUBCASE("of another version") {
    test::write_file(first, "#!/bin/sh\n# Written by terok-gate "
                            "--install-hooks.\nexec old \"$@\"\n");
    fs::permissions(first, fs::perms::owner_all);
  }
  SUBCASE("whose program is gone") {
    REQUIRE_EQ(io::write_hook(hooks.string(), "pre-receive", dir / "gone"), "");
  }
  SUBCASE("whose program is a directory") {
    REQUIRE_EQ(io::write_hook(hooks.string(), "pre-receive", hooks), "");
  }
  SUBCASE("whose program cannot be executed") {
    REQUIRE_EQ(io::write_hook(hooks.string(), "pre-receive",
                              make_program(dir / "plain")),
               "");
    fs::permissions(dir / "plain", fs::perms::owner_read);
  }
  SUBCASE("that cannot be executed") {
    REQUIRE_EQ(io::write_hook(hooks.string(), "pre-receive", program), "");
    fs::permissions(first, fs::perms::owner_read);
  }
  settle();
  CHECK(runs(first, program));
  CHECK_EQ(log.only(written_anew)["hook"], first.string());
  CHECK_EQ(log.only(written_anew)["program"], program);
  CHECK_EQ(log.all().size(), 1);
}

TEST_CASE_FIXTURE(fixture, "hooks of the operator's own are left alone") {
  const std::string text = "#!/bin/sh\nexit 0\n";
  SUBCASE("pre-receive, and it is said once") {
    test::write_file(first, text);
    settle();
    CHECK_EQ(test::read_file(first), text);
    CHECK(runs(second, program));
    CHECK_EQ(log.only(not_ours)["hook"], first.string());
  }
  SUBCASE("pre-receive as a link to nowhere") {
    fs::create_symlink("nowhere", first);
    settle();
    CHECK(fs::is_symlink(first));
    CHECK_EQ(log.only(not_ours)["hook"], first.string());
  }
  SUBCASE("post-receive, which saves nothing") {
    test::write_file(second, text);
    settle();
    CHECK_EQ(test::read_file(second), text);
    CHECK(runs(first, program));
    CHECK(log.all().empty());
  }
}

// Nobody can make a file there, not even root.
TEST_CASE_FIXTURE(fixture, "that a hook cannot be written is said once") {
  io::settle_hooks("/proc/self", program);
  CHECK_EQ(log.only(unwritten)["hook"], "/proc/self/pre-receive");
  CHECK_NE(log.only(unwritten)["why"], "");
  CHECK_EQ(log.all().size(), 1);
}

TEST_CASE_FIXTURE(fixture, "a hook that cannot be replaced leaves no file") {
  fs::create_directories(first / "x");
  CHECK_NE(io::write_hook(hooks.string(), "pre-receive", program), "");
  CHECK_EQ(files(), 1);
}

TEST_CASE_FIXTURE(fixture, "hooks of ours alone are removed") {
  settle();
  test::write_file(second, "#!/bin/sh\n");
  io::remove_hooks(hooks.string());
  CHECK_FALSE(fs::exists(first));
  CHECK(fs::exists(second));
  io::remove_hooks((dir / "none").string());
}

TEST_CASE_FIXTURE(fixture, "programs are looked for where links lead, too") {
  const auto real = make_program(dir / "opt/1.0/terok-gate");
  const auto link = dir / "bin/terok-gate";
  fs::create_directory(link.parent_path());
  fs::create_symlink(real, link);
  REQUIRE_EQ(io::write_hook(hooks.string(), "pre-receive", link), "");
  REQUIRE_EQ(io::write_hook(hooks.string(), "post-receive", "/sh"), "");
  auto found = io::hook_program_directories(hooks.string());
  std::sort(found.begin(), found.end());
  CHECK_EQ(found, paths{link.parent_path().string(),
                        fs::canonical(dir / "opt/1.0").string()});
}

} // namespace hook_files_tests
