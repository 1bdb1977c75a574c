#include "actors/io/socket/bind.hpp"

#include "actors/io/base/unique_fd.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace bind_tests {

using namespace clearance;
using io::bind_hardened;
using io::bound_socket;
using test::mode_of;
using test::temp_dir;

namespace fs = std::filesystem;

namespace {

bound_socket bound(const fs::path& path) {
  auto result = bind_hardened(path.string(), "test socket");
  if (auto why = std::get_if<std::string>(&result))
    FAIL(*why);
  return std::get<bound_socket>(std::move(result));
}

std::string refusal(const fs::path& path) {
  auto result = bind_hardened(path.string(), "test socket");
  auto why = std::get_if<std::string>(&result);
  return why != nullptr ? *why : "bound";
}

bool says(const std::string& text, std::string_view what) {
  return text.find(what) != text.npos;
}

} // namespace

TEST_CASE("a bound socket has mode 0600 with any umask, and is removed with "
          "its owner") {
  for (mode_t mask : {0U, 0277U, 0777U}) {
    temp_dir dir;
    auto path = dir / "a.sock";
    auto before = ::umask(mask);
    {
      auto x = bound(path);
      CHECK(fs::is_socket(path));
      CHECK(mode_of(path) == 0600);
      CHECK((::fcntl(x.fd(), F_GETFD) & FD_CLOEXEC) != 0);
    }
    ::umask(before);
    CHECK(fs::is_empty(dir.path()));
  }
}

TEST_CASE(
    "a missing directory is made with mode 0700, missing parents with 0755") {
  temp_dir dir;
  auto before = ::umask(0);
  auto x = bound(dir / "one/two/a.sock");
  ::umask(before);
  CHECK(mode_of(dir / "one") == 0755);
  CHECK(mode_of(dir / "one/two") == 0700);
}

TEST_CASE("a directory that others can enter is refused with its mode") {
  temp_dir dir;
  for (unsigned mode : {0710U, 0701U, 0755U, 0777U}) {
    ::chmod(dir.path().c_str(), mode);
    auto why = refusal(dir / "a.sock");
    CHECK(says(why, "accessible"));
    CHECK(says(why, "test socket"));
    CHECK(says(why, (dir / "a.sock").string()));
    CHECK(says(why, "mode 0"));
  }
  ::chmod(dir.path().c_str(), 0700);
  CHECK(refusal(dir / "a.sock") == "bound");
}

TEST_CASE("a working directory that was removed is called so") {
  temp_dir dir;
  const io::unique_fd before{::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)};
  REQUIRE(::mkdir((dir / "gone").c_str(), 0700) == 0);
  REQUIRE(::chdir((dir / "gone").c_str()) == 0);
  fs::remove(dir / "gone");
  const auto why = refusal("a.sock");
  REQUIRE(::fchdir(before.get()) == 0);
  CHECK(says(why, "directory . was removed"));
}

TEST_CASE("a file that is not a socket is never removed") {
  temp_dir dir;
  auto path = dir / "a.sock";
  test::write_file(path, "precious");
  CHECK(says(refusal(path), "not a socket"));
  CHECK(test::read_file(path) == "precious");
  fs::remove(path);
  fs::create_symlink(dir / "elsewhere", path);
  CHECK(says(refusal(path), "not a socket"));
  CHECK(fs::is_symlink(path));
  fs::remove(path);
  fs::create_directory(path);
  CHECK(says(refusal(path), "not a socket"));
}

TEST_CASE("a stale socket is replaced, the socket of a live server is not") {
  temp_dir dir;
  auto path = dir / "a.sock";
  auto other = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  REQUIRE(::bind(other, reinterpret_cast<sockaddr*>(&address), sizeof(address))
          == 0);
  ::listen(other, 1);
  CHECK(says(refusal(path), "another server answers"));
  ::close(other);
  CHECK(fs::is_socket(path));
  auto x = bound(path);
  CHECK(says(refusal(path), "another server is running"));
  CHECK(fs::is_socket(path));
}

TEST_CASE("a file that replaced our socket is not removed") {
  temp_dir dir;
  auto path = dir / "a.sock";
  {
    auto x = bound(path);
    fs::remove(path);
    test::write_file(path, "somebody's");
  }
  CHECK(test::read_file(path) == "somebody's");
}

TEST_CASE("a lock file that replaced ours belongs to another server") {
  temp_dir dir;
  const auto path = dir / "a.sock";
  const auto lock = dir / "a.sock.lock";
  std::optional<bound_socket> other;
  {
    auto x = bound(path);
    fs::remove(path);
    fs::remove(lock);
    other = bound(path);
  }
  CHECK(fs::is_socket(path));
  CHECK(fs::exists(lock));
  CHECK(says(refusal(path), "another server is running"));
  other.reset();
  CHECK(fs::is_empty(dir.path()));
}

TEST_CASE("what is in the lock's place and is no lock file stays there") {
  temp_dir dir;
  const auto path = dir / "a.sock";
  const auto lock = dir / "a.sock.lock";
  test::write_file(lock, "somebody's");
  CHECK(says(refusal(path), "is no lock file"));
  CHECK(says(refusal(path), lock.string()));
  CHECK(test::read_file(lock) == "somebody's");
  fs::remove(lock);
  REQUIRE(::mkfifo(lock.c_str(), 0644) == 0);
  CHECK(says(refusal(path), "is no lock file"));
  CHECK(fs::is_fifo(lock));
  CHECK(mode_of(lock) == 0644);
  CHECK_FALSE(fs::exists(path));
  fs::remove(lock);
  // What a server left that was killed.
  test::write_file(lock, "");
  CHECK(refusal(path) == "bound");
  CHECK(fs::is_empty(dir.path()));
}

TEST_CASE("a path that is empty or too long for a socket is refused") {
  temp_dir dir;
  auto longest = dir.path().string() + "/";
  longest.resize(107, 'x');
  CHECK(refusal(longest) == "bound");
  CHECK(says(refusal(longest + "x"), "108 bytes long"));
  CHECK(says(refusal(""), "empty"));
}

TEST_CASE("a bound socket can be moved and is removed once") {
  temp_dir dir;
  auto x = bound(dir / "a.sock");
  bound_socket y{std::move(x)};
  x = bound(dir / "b.sock");
  x = std::move(y);
  CHECK(fs::is_socket(dir / "a.sock"));
  CHECK_FALSE(fs::exists(dir / "b.sock"));
}

} // namespace bind_tests
