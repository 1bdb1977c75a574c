#include "actors/io/base/small_file.hpp"

#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <sys/stat.h>

namespace small_file_tests {

using namespace clearance::io;
namespace test = clearance::test;

namespace {

file_fault why_not(const std::string& path, int flags = 0) {
  auto result = open_regular(AT_FDCWD, path, flags);
  REQUIRE(std::holds_alternative<file_fault>(result));
  return std::get<file_fault>(result);
}

} // namespace

TEST_CASE("a regular file is read to its end, or to one byte above the limit") {
  const test::temp_dir dir;
  const auto path = (dir / "file").string();
  test::write_file(path, "12345");
  for (const auto& [limit, text] : {std::pair{std::size_t{6}, "12345"},
                                    {5, "12345"},
                                    {4, "12345"},
                                    {3, "1234"},
                                    {0, "1"}}) {
    const auto max = limit; // clang 14 captures no structured binding
    CAPTURE(max);
    auto file = open_regular(AT_FDCWD, path);
    REQUIRE(std::holds_alternative<regular_file>(file));
    const auto read = read_up_to(std::get<0>(file).fd.get(), max);
    REQUIRE(std::holds_alternative<std::string>(read));
    CHECK(std::get<std::string>(read) == text);
  }
}

TEST_CASE("a path that is not a regular file is refused without waiting") {
  const test::temp_dir dir;
  for (const auto& path : {dir.path().string(), std::string{"/dev/zero"}}) {
    CAPTURE(path);
    CHECK(why_not(path).error == 0);
    CHECK(why_not(path).why == "is not a regular file");
  }
  const auto fifo = (dir / "fifo").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(why_not(fifo).why == "is not a regular file");
}

TEST_CASE("the fault of a file that cannot be opened has the reason") {
  const test::temp_dir dir;
  CHECK(why_not((dir / "none").string()).error == ENOENT);
  CHECK(why_not((dir / "none").string()).why == "No such file or directory");
  const auto link = dir / "link";
  test::write_file((dir / "file").string(), "");
  std::filesystem::create_symlink("file", link);
  CHECK(why_not(link.string(), O_NOFOLLOW).error == ELOOP);
}

TEST_CASE("the fault of a descriptor that cannot be read has the reason") {
  const auto result = read_up_to(-1, 1);
  REQUIRE(std::holds_alternative<file_fault>(result));
  CHECK(std::get<file_fault>(result).error == EBADF);
}

} // namespace small_file_tests
