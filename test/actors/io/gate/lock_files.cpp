#include "actors/io/gate/lock_files.hpp"

#include "test/support/files/temp_dir.hpp"
#include "test/support/fixture/log_record.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace lock_files_tests {

using namespace clearance;
namespace fs = std::filesystem;

namespace {

constexpr auto warning =
    "lock files lie in the repository: a git that was killed has left them, "
    "and pushes to what they lock will fail. They are older than this gate. If "
    "no other program works on the repository, remove them";

struct fixture {
  const test::temp_dir dir;
  test::log_record log;

  fixture() { fs::create_directories(dir / "refs/heads/deep"); }

  std::string left(const char* name,
                   std::chrono::seconds age = std::chrono::hours{1}) {
    const auto file = dir / name;
    test::write_file(file, "");
    fs::last_write_time(file, fs::file_time_type::clock::now() - age);
    return file.string();
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "locks beside HEAD and below refs are found") {
  const std::vector files{left("HEAD.lock"), left("packed-refs.lock"),
                          left("refs/heads/deep/x.lock"),
                          left("refs/heads/main.lock")};
  left("HEAD");
  left("refs/heads/lock");
  fs::create_directory(dir / "objects");
  left("objects/pack.lock");
  fs::create_directory(dir / "refs/heads/y.lock");
  fs::create_symlink("nowhere", dir / "refs/heads/z.lock");
  SUBCASE("at once") {
    io::warn_of_locks(dir.path().string());
    CHECK_EQ(log.only(warning)["first"], files.front());
    CHECK_EQ(log.only(warning)["files"], "4");
  }
  SUBCASE("one by one") {
    io::lock_search search{dir.path()};
    int looks = 1;
    while (search.look(1))
      ++looks;
    auto found = search.found();
    std::sort(found.begin(), found.end());
    CHECK_EQ(found, files);
    CHECK_GT(looks, 4);
  }
}

TEST_CASE_FIXTURE(fixture,
                  "a lock that is younger than the search is no relic") {
  io::lock_search search{dir.path()};
  left("refs/heads/main.lock", -std::chrono::seconds{1});
  CHECK_FALSE(search.look(io::lock_search_max_files));
  CHECK(search.found().empty());
}

TEST_CASE_FIXTURE(fixture, "without locks and repository nothing is said") {
  io::warn_of_locks(dir.path().string());
  io::warn_of_locks((dir / "none").string());
  CHECK(log.all().empty());
}

} // namespace lock_files_tests
