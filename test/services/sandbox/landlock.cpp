#include "services/sandbox/landlock.hpp"

#include "test/support/files/temp_dir.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace landlock_tests {

using namespace clearance::services;
namespace test = clearance::test;
namespace fs = std::filesystem;

namespace {

bool supported() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) >= 2;
}

/// A sandbox cannot be left, so each attempt runs in a process of its own.
/// Returns what `f` returns there, 0 to 100. `prepare` runs before; false: 103.
int in_sandbox(
    const std::vector<path_rule>& paths_allowed, const std::function<int()>& f,
    const std::function<bool()>& prepare = [] { return true; }) {
  const auto pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    int result = 101;
    try {
      if (!prepare())
        result = 103;
      else if (restrict_files(paths_allowed) == file_restriction::in_force)
        result = f();
    } catch (const std::system_error&) {
      result = 102;
    }
    ::_exit(result);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/// 0, or the errno of open().
int opened(const fs::path& path, int flags) {
  const auto fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0)
    return errno;
  ::close(fd);
  return 0;
}

int renamed(const fs::path& from, const fs::path& to) {
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

int bound(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  const auto fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  return ::bind(fd, generic, sizeof(address)) == 0 ? 0 : errno;
}

int executed(const fs::path& path) {
  return ::execl(path.c_str(), path.c_str(), nullptr) == 0 ? 0 : errno;
}

/// Directories `a` and `a/b` with a file `f` in each, and a program `p`.
struct tree {
  test::temp_dir dir;

  tree() {
    fs::create_directories(dir / "a/b");
    for (auto name : {"a/f", "a/b/f", "outside"})
      test::write_file(dir / name, "x");
    test::write_file(dir / "a/p", "#!/bin/sh\nexit 0\n");
    fs::permissions(dir / "a/p", fs::perms::owner_all);
  }
};

bool skip() {
  if (!supported())
    test::skipped("this kernel has no Landlock");
  return !supported();
}

} // namespace

TEST_CASE("files outside of the allowed paths cannot be opened") {
  if (skip())
    return;
  const tree x;
  const std::vector<path_rule> paths_allowed{
      {x.dir / "a", path_access::read, true}};
  CHECK(in_sandbox(paths_allowed,
                   [&] { return opened(x.dir / "a/b/f", O_RDONLY); })
        == 0);
  CHECK(in_sandbox(paths_allowed,
                   [&] { return opened(x.dir / "outside", O_RDONLY); })
        == EACCES);
  CHECK(in_sandbox(paths_allowed,
                   [&] { return opened(x.dir / "a/../outside", O_RDONLY); })
        == EACCES);
  CHECK(
      in_sandbox(paths_allowed, [&] { return opened(x.dir / "a/f", O_WRONLY); })
      == EACCES);
  CHECK(in_sandbox(paths_allowed,
                   [&] { return opened(x.dir / "a/n", O_RDWR | O_CREAT); })
        == EACCES);
  CHECK(in_sandbox(paths_allowed, [&] { return executed(x.dir / "a/p"); })
        == EACCES);
}

TEST_CASE("files in a `modify` directory can be moved but not executed") {
  if (skip())
    return;
  const tree x;
  const std::vector<path_rule> paths_allowed{
      {x.dir / "a", path_access::modify, true}};
  CHECK(in_sandbox(paths_allowed,
                   [&] { return renamed(x.dir / "a/f", x.dir / "a/b/g"); })
        == 0);
  CHECK(in_sandbox(paths_allowed,
                   [&] { return opened(x.dir / "a/n", O_RDWR | O_CREAT); })
        == 0);
  CHECK(in_sandbox(paths_allowed,
                   [&] { return opened(x.dir / "a/n", O_RDWR | O_TRUNC); })
        == 0);
  CHECK(in_sandbox(paths_allowed, [&] { return executed(x.dir / "a/p"); })
        == EACCES);
  CHECK(in_sandbox(paths_allowed,
                   [&] { return renamed(x.dir / "a/n", x.dir / "n"); })
        != 0);
}

TEST_CASE("sockets and locks can be made in a `sockets` directory") {
  if (skip())
    return;
  const tree x;
  const std::vector<path_rule> paths_allowed{
      {x.dir / "a", path_access::sockets, true}};
  CHECK(in_sandbox(paths_allowed, [&] { return bound(x.dir / "a/s"); }) == 0);
  CHECK(in_sandbox(paths_allowed,
                   [&] { return opened(x.dir / "a/l", O_RDWR | O_CREAT); })
        == 0);
  CHECK(in_sandbox(paths_allowed,
                   [&] {
                     return ::mkdir((x.dir / "a/d").c_str(), 0700) == 0 ? 0
                                                                        : errno;
                   })
        == EACCES);
  CHECK(in_sandbox(paths_allowed, [&] { return bound(x.dir / "s"); })
        == EACCES);
}

TEST_CASE("the system's paths are enough to run a program") {
  if (skip())
    return;
  CHECK(in_sandbox(system_paths(path_access::run),
                   [] { return executed("/bin/true"); })
        == 0);
  CHECK(in_sandbox(system_paths(path_access::read),
                   [] { return executed("/bin/true"); })
        == EACCES);
  auto devices = system_paths(path_access::read);
  CHECK(in_sandbox(devices, [] { return opened("/dev/null", O_RDWR); })
        == EACCES);
  devices.push_back({"/dev/null", path_access::device});
  CHECK(in_sandbox(devices, [] { return opened("/dev/null", O_RDWR); }) == 0);
}

TEST_CASE("a needed path must exist") {
  if (skip())
    return;
  const tree x;
  CHECK(
      in_sandbox({{x.dir / "none", path_access::read, true}}, [] { return 0; })
      == 102);
  CHECK(
      in_sandbox({{x.dir / "none", path_access::read, false}}, [] { return 0; })
      == 0);
}

TEST_CASE("a path that may not be entered is left out, unless it is needed") {
  if (skip())
    return;
  const tree x;
  fs::permissions(x.dir / "a", fs::perms::none);
  // Nothing is closed to root.
  const auto enter = [&](bool needed) {
    return in_sandbox(
        {{x.dir / "a/b", path_access::run, needed}}, [] { return 0; },
        [] {
          constexpr uid_t somebody = 65534;
          return ::getuid() != 0 || ::setuid(somebody) == 0;
        });
  };
  CHECK(enter(false) == 0);
  CHECK(enter(true) == 102);
  fs::permissions(x.dir / "a", fs::perms::owner_all);
}

} // namespace landlock_tests
