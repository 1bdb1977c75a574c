#include "actors/io/socket/socket_listener.hpp"

#include "actors/base/error.hpp"
#include "actors/io/socket/accept_loop.hpp"
#include "actors/io/socket/bind.hpp"
#include "actors/io/socket/stream.hpp"
#include "test/actors/io/loop/stepped_loop.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <new>
#include <string>
#include <variant>

namespace socket_listener_tests {

using namespace clearance;
using actors::framing;
using test::stepped_loop;

TEST_CASE(
    "the owner gets peers, and nobody can connect after the listener's end") {
  stepped_loop loop;
  test::temp_dir dir;
  auto path = (dir / "a.sock").string();
  auto listener = io::socket_listener::open(
      loop.context(), {path, "test socket", framing::varlink}, loop.owner());
  REQUIRE(listener);
  auto dial = [&] {
    return io::stream::dial(loop.context(), path, framing::varlink);
  };
  auto first = dial();
  auto second = dial();
  REQUIRE(first);
  REQUIRE(second);
  loop.step();
  CHECK(loop.what().accepted.size() == 2);
  CHECK((*listener)->refused() == 0);
  listener->reset();
  CHECK_FALSE(dial());
  CHECK(loop.what().accepted[0].value->id()
        != loop.what().accepted[1].value->id());
}

TEST_CASE("a path that cannot be bound gives one error with one line") {
  stepped_loop loop;
  test::temp_dir dir;
  auto path = (dir / "a.sock").string();
  test::write_file(path, "x");
  auto listener = io::socket_listener::open(
      loop.context(), {path, "test socket", framing::varlink}, loop.owner());
  REQUIRE_FALSE(listener);
  CHECK(listener.error() == actors::make_error(actors::errc::bind_failed));
  CHECK(actors::what(listener.error())
        == "cannot bind the test socket " + path
               + ": there is something that is not a socket");
}

TEST_CASE("if memory is missing for a peer only that peer is closed") {
  stepped_loop loop;
  test::temp_dir dir;
  auto path = (dir / "a.sock").string();
  auto bound =
      std::get<io::bound_socket>(io::bind_hardened(path, "test socket"));
  int peers = 0;
  const io::accept_loop accepts{loop.context(),
                                bound.take_fd(),
                                "test socket",
                                std::make_shared<std::size_t>(0),
                                10,
                                [&](const io::unique_fd&) {
                                  if (peers++ == 0)
                                    throw std::bad_alloc{};
                                }};
  auto first = io::stream::dial(loop.context(), path, framing::varlink);
  auto second = io::stream::dial(loop.context(), path, framing::varlink);
  REQUIRE(first);
  REQUIRE(second);
  loop.step();
  CHECK(peers == 2);
}

} // namespace socket_listener_tests
