#include "actors/io/socket/inherited.hpp"

#include "test/support/doubles/fake_manager.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <variant>

namespace inherited_tests {

using namespace clearance;

namespace {

/// A copy of the descriptor, for the function that takes it over.
int copy_of(const test::unique_fd& fd) {
  return ::dup(fd.get());
}

std::string fault_of(int fd) {
  auto place = io::place_of(fd);
  auto* why = std::get_if<std::string>(&place);
  return why != nullptr ? *why : "none";
}

test::unique_fd socket_of(int family, int type) {
  test::unique_fd result{::socket(family, type | SOCK_CLOEXEC, 0)};
  REQUIRE(result);
  return result;
}

} // namespace

TEST_CASE("a listening socket tells its address") {
  test::temp_dir dir;
  const auto path = (dir / "a.sock").string();
  const auto local = test::listening_unix(path);
  auto place = std::get<0>(io::place_of(local.get()));
  CHECK_FALSE(place.tcp);
  CHECK(place.loopback);
  CHECK(place.text == path);

  const auto abstract = test::listening_unix("@" + path);
  CHECK(std::get<0>(io::place_of(abstract.get())).text == "@" + path);

  // The longest path that the kernel accepts. It leaves no room for a NUL.
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  const auto longest =
      (dir / "x").string() + std::string(sizeof(at.sun_path), 'x');
  longest.copy(at.sun_path, sizeof(at.sun_path));
  const auto full = socket_of(AF_UNIX, SOCK_STREAM);
  REQUIRE(::bind(full.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at))
          == 0);
  REQUIRE(::listen(full.get(), 1) == 0);
  CHECK(std::get<0>(io::place_of(full.get())).text
        == longest.substr(0, sizeof(at.sun_path)));

  const auto tcp = test::listening_tcp();
  place = std::get<0>(io::place_of(tcp.get()));
  CHECK(place.tcp);
  CHECK(place.loopback);
  CHECK(place.text == "127.0.0.1:" + std::to_string(test::port_of(tcp)));

  const auto any = socket_of(AF_INET, SOCK_STREAM);
  REQUIRE(::listen(any.get(), 1) == 0);
  CHECK_FALSE(std::get<0>(io::place_of(any.get())).loopback);
}

TEST_CASE("a descriptor that is not a listening stream socket is refused with "
          "the reason") {
  CHECK(fault_of(-1) == "is not a socket");
  const test::unique_fd file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  CHECK(fault_of(file.get()) == "is not a socket");
  CHECK(fault_of(socket_of(AF_NETLINK, SOCK_RAW).get())
        == "is neither a unix nor a TCP socket");
  CHECK(fault_of(socket_of(AF_UNIX, SOCK_DGRAM).get())
        == "is not a stream socket");
  CHECK(fault_of(socket_of(AF_INET, SOCK_DGRAM).get())
        == "is not a stream socket");
  CHECK(fault_of(socket_of(AF_UNIX, SOCK_STREAM).get()) == "does not listen");
  CHECK(fault_of(socket_of(AF_INET, SOCK_STREAM).get()) == "does not listen");
}

TEST_CASE("an inherited socket is closed with its owner, but its path is not "
          "removed") {
  test::temp_dir dir;
  const auto path = (dir / "a.sock").string();
  const auto local = test::listening_unix(path);
  {
    auto taken = io::inherit_socket(copy_of(local), "test socket");
    auto& socket = std::get<io::bound_socket>(taken);
    CHECK(socket.path() == path);
    CHECK((::fcntl(socket.fd(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((::fcntl(socket.fd(), F_GETFL) & O_NONBLOCK) != 0);
    auto moved = std::move(socket);
  }
  CHECK(std::filesystem::is_socket(path));
  CHECK_FALSE(std::filesystem::exists(path + ".lock"));

  const auto tcp = test::listening_tcp();
  auto taken = io::inherit_socket(copy_of(tcp), "test socket");
  CHECK(std::get<io::bound_port>(taken).where
        == "127.0.0.1:" + std::to_string(test::port_of(tcp)));
}

TEST_CASE("a descriptor that cannot be inherited is closed, and the fault is "
          "one line") {
  const int fd = ::dup(socket_of(AF_UNIX, SOCK_STREAM).get());
  auto taken = io::inherit_socket(fd, "test socket");
  REQUIRE(std::holds_alternative<std::string>(taken));
  CHECK(std::get<std::string>(taken)
        == "cannot serve the test socket: the descriptor " + std::to_string(fd)
               + " that was passed for it does not listen");
  CHECK(::fcntl(fd, F_GETFD) == -1);
}

} // namespace inherited_tests
