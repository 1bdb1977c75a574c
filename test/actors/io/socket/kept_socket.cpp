#include "actors/io/socket/kept_socket.hpp"

#include "test/actors/io/loop/stepped_loop.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/fixture/log_record.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <variant>

namespace kept_socket_tests {

using namespace clearance;
using test::stepped_loop;
namespace fs = std::filesystem;

namespace {

constexpr auto bound_again =
    "the socket's file was gone; the socket was bound again";
constexpr auto lost =
    "nobody can connect: the socket's path does not lead to this program";

io::unique_fd connect_to(const fs::path& path) {
  io::unique_fd result{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  path.string().copy(to.sun_path, sizeof(to.sun_path) - 1);
  if (::connect(result.get(), reinterpret_cast<const sockaddr*>(&to),
                sizeof(to))
      != 0)
    result.reset();
  return result;
}

io::bound_socket bound(const fs::path& path) {
  auto result = io::bind_hardened(path, "test socket");
  if (auto* why = std::get_if<std::string>(&result))
    FAIL(*why);
  return std::get<io::bound_socket>(std::move(result));
}

struct kept_fixture {
  test::log_record log;
  stepped_loop loop;
  test::temp_dir dir;
  fs::path path = dir / "d" / "a.sock";
  std::shared_ptr<std::size_t> open = std::make_shared<std::size_t>(0);
  int peers = 0;
  int troubles = 0;
  std::optional<io::kept_socket> kept;

  void keep(io::bound_socket socket, const std::string& repair = {}) {
    kept.emplace(loop.context(), std::move(socket),
                 io::kept_socket::config{"test socket", repair, open, 8,
                                         [this](io::unique_fd) { ++peers; },
                                         [this] { ++troubles; }});
  }
  void keep() { keep(bound(path)); }

  /// Whether a new client reaches the socket.
  bool serves() {
    const auto before = peers;
    const auto client = connect_to(path);
    loop.step();
    return client && peers == before + 1;
  }
};

} // namespace

TEST_CASE("a socket whose file is removed is bound again") {
  kept_fixture s;
  s.keep();
  CHECK(s.serves());
  for (int i = 0; i < 3; ++i) {
    fs::remove(s.path);
    s.loop.step();
    CHECK(s.serves());
    CHECK(s.log.with(bound_again).size() == std::size_t(i + 1));
  }
  CHECK(s.kept->trouble().empty());
  s.kept.reset();
  CHECK(fs::is_empty(s.path.parent_path()));
}

TEST_CASE("a socket whose file is renamed is bound again") {
  kept_fixture s;
  s.keep();
  fs::rename(s.path, s.dir / "d" / "other");
  s.loop.step();
  CHECK(s.serves());
}

TEST_CASE(
    "a socket is bound again also if its directory and its lock were removed") {
  kept_fixture s;
  s.keep();
  fs::remove_all(s.path.parent_path());
  s.loop.step();
  CHECK(s.serves());
  CHECK(test::mode_of(s.path.parent_path()) == 0700);
  // and a second time, in the new directory
  fs::remove(s.path);
  s.loop.step();
  CHECK(s.serves());
  // The lock is held, so a second server cannot bind the path.
  CHECK(std::holds_alternative<std::string>(
      io::bind_hardened(s.path, "test socket")));
}

TEST_CASE("clients in the queue of the removed socket are accepted") {
  kept_fixture s;
  s.keep();
  const auto first = connect_to(s.path);
  const auto second = connect_to(s.path);
  fs::remove(s.path);
  s.loop.step();
  CHECK(s.peers == 2);
  CHECK(s.serves());
}

TEST_CASE(
    "a file that replaced the socket is not removed, and is logged once") {
  kept_fixture s;
  s.keep();
  fs::remove(s.path);
  std::ofstream{s.path} << "precious";
  s.loop.step();
  CHECK(s.kept->trouble() == "there is something that is not a socket");
  CHECK(s.troubles == 1);
  CHECK(s.log.only(lost)["why"] == "there is something that is not a socket");
  CHECK(test::read_file(s.path) == "precious");
  // other files of the directory do not matter
  std::ofstream{s.dir / "d" / "x"} << "x";
  s.loop.step();
  CHECK(s.troubles == 1);
  // when the file is removed the path is bound again
  fs::remove(s.path);
  s.loop.step();
  CHECK(s.serves());
  CHECK(s.troubles == 2);
  CHECK(s.kept->trouble().empty());
}

TEST_CASE("a live server that took the path keeps it") {
  kept_fixture s;
  s.keep();
  test::temp_dir other;
  auto rival = bound(other / "r.sock");
  fs::rename(other / "r.sock", s.path);
  s.loop.step();
  CHECK(s.kept->trouble() == "another server answers there");
  CHECK(connect_to(s.path));
}

// A unit with ProtectHome=tmpfs does not see the file of the socket that is
// passed to it, but its clients see the file.
TEST_CASE("a passed socket whose file cannot be seen causes no warning") {
  kept_fixture s;
  auto passed = bound(s.path);
  io::unique_fd descriptor = passed.take_fd();
  s.keep(io::bound_socket{std::move(descriptor), (s.dir / "n" / "a").string()},
         "cure it");
  s.loop.step();
  CHECK(s.kept->trouble().empty());
  CHECK(s.log.with(lost).empty());
  CHECK(s.serves());
}

TEST_CASE(
    "if a socket of another program is removed the log says how to repair it") {
  kept_fixture s;
  fs::create_directories(s.path.parent_path());
  io::unique_fd passed{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  s.path.string().copy(at.sun_path, sizeof(at.sun_path) - 1);
  REQUIRE(
      ::bind(passed.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at))
      == 0);
  REQUIRE(::listen(passed.get(), 8) == 0);
  s.keep(io::bound_socket{std::move(passed), s.path.string()}, "cure it");
  CHECK(s.serves());
  fs::remove(s.path);
  s.loop.step();
  CHECK(s.kept->trouble()
        == "its file was removed or replaced; to open it again: cure it");
  CHECK(s.log.with(lost).size() == 1);
  CHECK_FALSE(fs::exists(s.path));
}

} // namespace kept_socket_tests
