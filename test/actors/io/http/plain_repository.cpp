#include "actors/io/http/plain_repository.hpp"

#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <filesystem>

namespace plain_repository_tests {

using namespace clearance;
using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

/// The parts of `git init --bare` that matter here.
struct bare_repository {
  temp_dir dir;
  fs::path path = dir / "r.git";

  bare_repository() {
    fs::create_directories(path / "objects");
    fs::create_directories(path / "refs");
    write_file(path / "HEAD", "ref: refs/heads/main\n");
    configure("[core]\n\tbare = true\n[remote \"origin\"]\n"
              "\turl = https://example.org/r\n");
  }

  void configure(std::string_view text) const {
    write_file(path / "config", text);
  }

  bool plain(const std::vector<std::string>& more = {}) const {
    return io::plain_repository(path.string(), more);
  }
};

} // namespace

TEST_CASE("a bare repository is plain, also through a symbolic link") {
  const bare_repository x;
  CHECK(x.plain());
  fs::create_directory_symlink(x.path, x.dir / "link.git");
  CHECK(io::plain_repository((x.dir / "link.git").string(), {}));
  CHECK_FALSE(io::plain_repository((x.dir / "missing.git").string(), {}));
}

TEST_CASE("a directory that git would not use as the repository is not plain") {
  const bare_repository x;
  SUBCASE("a repository `.git` in it") {
    fs::create_directory(x.path / ".git");
  }
  SUBCASE("a symbolic link `.git` in it") {
    fs::create_symlink("nowhere", x.path / ".git");
  }
  SUBCASE("a work tree of another repository") {
    write_file(x.path / "commondir", "x");
  }
  SUBCASE("without objects") {
    fs::remove(x.path / "objects");
  }
  SUBCASE("without refs") {
    fs::remove(x.path / "refs");
  }
  SUBCASE("without HEAD") {
    fs::remove(x.path / "HEAD");
  }
  SUBCASE("with a HEAD outside of refs/") {
    write_file(x.path / "HEAD", "ref: heads/x");
  }
  SUBCASE("with HEAD as a symbolic link") {
    fs::rename(x.path / "HEAD", x.path / "other");
    fs::create_symlink("other", x.path / "HEAD");
  }
  SUBCASE("without configuration") {
    fs::remove(x.path / "config");
  }
  SUBCASE("a file instead of the directory") {
    fs::remove_all(x.path);
    write_file(x.path, "gitdir: elsewhere\n");
  }
  CHECK_FALSE(x.plain());
}

TEST_CASE("a configuration with settings for HTTP is left to git") {
  const bare_repository x;
  for (std::string_view text :
       {"[http]\n\treceivepack = false\n", "[HTTP] uploadpack = 0",
        "[http \"https://example.org\"]\n", "[core]bare=true[http]a=b",
        "[include]\n\tpath = more\n", "[includeIf \"gitdir:/x\"]\n",
        "[Extensions]\n\tworktreeConfig = true\n"}) {
    CAPTURE(text);
    x.configure(text);
    CHECK_FALSE(x.plain());
  }
  for (std::string_view text :
       {"", "[core]\n", "[remote \"x\"]\n\turl = http://h/\n"}) {
    CAPTURE(text);
    x.configure(text);
    CHECK(x.plain());
  }
  x.configure(std::string(16 * 1024, '\n'));
  CHECK(x.plain());
  x.configure(std::string(16 * 1024 + 1, '\n'));
  CHECK_FALSE(x.plain());
}

TEST_CASE(
    "configuration files outside of the repository are checked if they exist") {
  const bare_repository x;
  const auto home = (x.dir / "home").string();
  CHECK(x.plain({home}));
  CHECK(x.plain({(x.path / "HEAD").string() + "/gitconfig"}));
  write_file(home, "[user]\n\tname = a\n");
  CHECK(x.plain({home}));
  write_file(home, "[http]\n\tuploadpack = false\n");
  CHECK_FALSE(x.plain({home}));
  CHECK_FALSE(x.plain({x.path.string()})); // a directory cannot be read
}

} // namespace plain_repository_tests
