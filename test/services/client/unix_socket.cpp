#include "services/client/unix_socket.hpp"

#include "test/services/client/listener.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

namespace unix_socket_tests {

using namespace clearance::services;
using namespace std::chrono_literals;
using clearance::test::listener;
using clearance::test::temp_dir;

namespace {

int error_of(const std::string& path, std::chrono::milliseconds time_limit) {
  auto result = connect_unix(path, time_limit);
  auto* error = std::get_if<connect_error>(&result);
  return error == nullptr ? 0 : error->code;
}

} // namespace

TEST_CASE("a connection does not block and is not inherited") {
  temp_dir directory;
  listener server{directory / "s"};
  for (auto time_limit : {0ms, 100ms}) {
    auto fd = std::get<descriptor>(connect_unix(directory / "s", time_limit));
    CHECK((::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("a connection that fails says why") {
  temp_dir directory;
  CHECK(error_of(directory / "none", 0ms) == ENOENT);
  clearance::test::write_file(directory / "file", "");
  CHECK(error_of(directory / "file", 100ms) == ECONNREFUSED);
  CHECK(error_of(std::string(108, 'x'), 0ms) == ENAMETOOLONG);
  CHECK(cannot_connect("/a b", {ENOENT}) == "no hub runs at \"/a b\"");
  CHECK(cannot_connect("/s", {ECONNREFUSED}) == "no hub runs at /s");
  CHECK(cannot_connect("/s", {ENOENT}, "--reader-socket")
        == "no hub runs at /s. If a hub runs, set XDG_RUNTIME_DIR as in the"
           " hub's terminal, or name the hub's socket with --reader-socket. If"
           " none runs, start one: terok-clearance serve --inline-verdict");
  CHECK(cannot_connect("/s", {EAGAIN}, "--reader-socket")
        == "cannot connect to /s: it does not accept connections; the hub "
           "hangs, or has all"
           " the connections that it can have: end some of its clients");
  CHECK(cannot_connect("/s", {ENAMETOOLONG})
        == "cannot connect to /s: the path is longer than the 107 bytes that a"
           " socket's path may have; set XDG_RUNTIME_DIR to a shorter"
           " directory, or name a shorter path");
  CHECK(cannot_connect("/s", {EAGAIN})
        == "cannot connect to /s: it does not accept connections; the hub "
           "hangs, or has all"
           " the connections that it can have: end some of its clients");
}

TEST_CASE("the wait for a hub that does not accept has an end") {
  temp_dir directory;
  listener server{directory / "s", 0};
  auto first = connect_unix(directory / "s", 0ms);
  CHECK(error_of(directory / "s", 0ms) == EAGAIN);
  CHECK(error_of(directory / "s", 1ms) == EAGAIN);
}

TEST_CASE("a wait ends when the event is there, or at its deadline") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  descriptor out{ends[0]}, in{ends[1]};
  using clock = std::chrono::steady_clock;
  CHECK(wait_for(out.get(), POLLIN, clock::now()) == waited::deadline);
  REQUIRE(::write(in.get(), "x", 1) == 1);
  CHECK(wait_for(out.get(), POLLIN, clock::now() + 1h) == waited::ready);
}

TEST_CASE("a descriptor has one owner") {
  temp_dir directory;
  listener server{directory / "s"};
  auto a = std::get<descriptor>(connect_unix(directory / "s", 0ms));
  auto number = a.get();
  descriptor b{std::move(a)};
  CHECK(b.get() == number);
  b = descriptor{};
  CHECK(::fcntl(number, F_GETFD) == -1);
}

} // namespace unix_socket_tests
