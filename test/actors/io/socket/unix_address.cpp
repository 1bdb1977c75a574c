#include "actors/io/socket/unix_address.hpp"

#include "actors/io/base/unique_fd.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <unistd.h>

namespace unix_address_tests {

using namespace clearance;
using io::unix_address;

// The name that the kernel shows for a socket that was bound to `address`.
std::string bound_name(const unix_address& address) {
  io::unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(fd.get(), address.data(), address.size()) == 0);
  sockaddr_un at{};
  socklen_t size = sizeof(at);
  REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size)
          == 0);
  return io::unix_name_of(at, size);
}

TEST_CASE("the kernel binds a path with the given name") {
  test::temp_dir dir;
  const auto path = (dir / "a.sock").string();
  CHECK(bound_name(unix_address::of_path(path).value()) == path);
  CHECK(bound_name(unix_address::of_name((dir / "b.sock").string()).value())
        == (dir / "b.sock").string());
  // of_path() takes `@a` as a file in the working directory.
  const auto at = unix_address::of_path("@a").value();
  CHECK(reinterpret_cast<const sockaddr_un*>(at.data())->sun_path[0] == '@');
}

TEST_CASE("an abstract name is bound without a NUL at its end") {
  const auto name = "@clearance-test-" + std::to_string(::getpid());
  CHECK(bound_name(unix_address::of_name(name).value()) == name);
  CHECK_FALSE(std::filesystem::exists(name));
}

TEST_CASE("a path or name that the kernel cannot take gives no address") {
  const std::string longest(io::socket_path_max_bytes, 'x');
  CHECK(unix_address::of_path(longest));
  CHECK_FALSE(unix_address::of_path(longest + 'x'));
  CHECK_FALSE(unix_address::of_path(""));
  CHECK_FALSE(unix_address::of_path(std::string("a\0b", 3)));
  CHECK_FALSE(unix_address::of_name(""));
  CHECK_FALSE(unix_address::of_name("@"));
  CHECK_FALSE(unix_address::of_name('@' + longest));
}

TEST_CASE("a socket that is bound to nothing has no name") {
  io::unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un at{};
  socklen_t size = sizeof(at);
  REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size)
          == 0);
  CHECK(io::unix_name_of(at, size).empty());
}

} // namespace unix_address_tests
