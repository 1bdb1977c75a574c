#include "actors/io/socket/stream.hpp"

#include "actors/base/error.hpp"
#include "protocol/base/limits.hpp"
#include "test/actors/io/loop/stale_event.hpp"
#include "test/actors/io/loop/stepped_loop.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <memory>
#include <sys/socket.h>
#include <unistd.h>

namespace stream_tests {

using namespace clearance;
using actors::framing;
using actors::stream_end;
using test::stepped_loop;

namespace {

// A stream and the other end of its socket.
struct pair {
  stepped_loop loop;
  io::unique_fd peer;
  actors::connection_ptr connection;
  std::shared_ptr<std::size_t> open = std::make_shared<std::size_t>(0);

  explicit pair(framing kind, protocol::byte_budget_ptr held = nullptr) {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                         fds)
            == 0);
    peer.reset(fds[0]);
    io::unique_fd ours{fds[1]};
    auto who = io::peer_of(ours.get());
    connection = io::stream::make(loop.context(), std::move(ours),
                                  std::move(who), kind, open, std::move(held));
    connection->own(loop.owner());
  }

  ~pair() { connection->close(); }

  void send(std::string_view bytes) {
    REQUIRE(::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL)
            == static_cast<ssize_t>(bytes.size()));
    loop.step();
  }

  std::string receive() {
    std::string result(1 << 20, '\0');
    auto n = ::recv(peer.get(), result.data(), result.size(), 0);
    result.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return result;
  }

  actors::written write(std::string_view bytes) {
    return connection->write({&bytes, 1});
  }
};

} // namespace

TEST_CASE("a read returns whole frames, wherever the bytes were cut") {
  const std::string bytes = "one\ntwo\nthree\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    pair x{framing::lines};
    x.connection->read();
    if (cut > 0)
      x.send(bytes.substr(0, cut));
    if (x.loop.what().received > 0)
      x.connection->read();
    if (cut < bytes.size())
      x.send(bytes.substr(cut));
    CHECK(x.loop.what().frames
          == std::vector<std::string>{"one", "two", "three"});
  }
}

TEST_CASE("the stream reads nothing before the next read()") {
  pair x{framing::varlink};
  x.connection->read();
  x.send(std::string("a\0", 2));
  x.send(std::string("b\0", 2));
  CHECK(x.loop.what().frames == std::vector<std::string>{"a"});
  x.connection->read();
  x.loop.step();
  CHECK(x.loop.what().frames == std::vector<std::string>{"a", "b"});
}

TEST_CASE("one read may take more bytes than the idle buffer holds") {
  pair x{framing::lines};
  std::string line(30000, 'x');
  x.connection->read();
  x.send(line + "\n" + line + "\n");
  CHECK(x.loop.what().received == 1);
  CHECK(x.loop.what().frames == std::vector<std::string>{line, line});
}

TEST_CASE(
    "a last line without newline counts, an unfinished message does not") {
  pair lines{framing::lines};
  lines.connection->read();
  lines.send("rest");
  ::shutdown(lines.peer.get(), SHUT_WR);
  lines.loop.step();
  CHECK(lines.loop.what().frames == std::vector<std::string>{"rest"});
  CHECK(lines.loop.what().ends == std::vector{stream_end::eof});

  const auto ends_of = [](const std::string& bytes) {
    pair messages{framing::varlink};
    messages.connection->read();
    messages.send(bytes);
    ::shutdown(messages.peer.get(), SHUT_WR);
    messages.loop.step();
    CHECK(messages.loop.what().frames.empty());
    return messages.loop.what().ends;
  };
  CHECK(ends_of("rest") == std::vector{stream_end::cut_off});
  // White space after a message, as some tools send it, is no unfinished
  // message.
  CHECK(ends_of(" \r\n\t") == std::vector{stream_end::eof});
}

TEST_CASE("a line that is too long is reported, a message that is too long "
          "ends the stream") {
  using protocol::limits::reader_line_max_bytes;
  using protocol::limits::varlink_message_max_bytes;
  auto feed = [](pair& x, std::size_t size) {
    x.connection->read();
    for (std::string piece(50000, 'x'); size > 0;) {
      auto n = std::min(size, piece.size());
      x.send(piece.substr(0, n));
      size -= n;
    }
  };
  pair lines{framing::lines};
  feed(lines, reader_line_max_bytes + 1);
  lines.send("\nnext\n");
  CHECK(lines.loop.what().overlong == 1);
  CHECK(lines.loop.what().frames == std::vector<std::string>{"next"});

  pair messages{framing::varlink};
  feed(messages, varlink_message_max_bytes);
  CHECK(messages.loop.what().received == 0);
  messages.send("x");
  CHECK(messages.loop.what().ends == std::vector{stream_end::too_long});
}

TEST_CASE("when the budget is used up a read returns few bytes, and nothing is "
          "lost") {
  const auto held =
      std::make_shared<protocol::byte_budget>(protocol::limits::read_max_bytes);
  pair x{framing::lines, held};
  const std::string line(99, 'x');
  std::string burst;
  for (int i = 0; i < 100; ++i)
    burst += line + "\n";
  x.connection->read();
  x.send(burst);
  CHECK(x.loop.what().frames.size() == 100); // the budget had room
  protocol::byte_charge others{held};
  others.settle(1);
  x.connection->read();
  x.send(burst);
  CHECK(x.loop.what().frames.size() == 110); // 1 KiB
  for (int i = 0; i < 9; ++i) {
    x.connection->read();
    x.loop.step();
  }
  CHECK(x.loop.what().frames.size() == 200);
}

TEST_CASE("bytes are charged to the budget until their frames were handled") {
  const auto held = std::make_shared<protocol::byte_budget>(1 << 20);
  pair x{framing::lines, held};
  x.loop.keep_batches();
  x.connection->read();
  x.send(std::string(20'000, 'x') + "\n");
  CHECK(held->held() >= 20'000);
  x.loop.drop_batches();
  CHECK(held->held() == 0);
  x.connection->read();
  x.send("small\n");
  CHECK(held->held() == 0); // small reads are not charged
}

TEST_CASE(
    "a line without room is reported, a message without room ends the stream") {
  using protocol::limits::kept_max_bytes;
  const auto none = std::make_shared<protocol::byte_budget>(0);
  pair lines{framing::lines, none};
  lines.connection->read();
  lines.send(std::string(kept_max_bytes + 1, 'x'));
  lines.send("\nnext\n");
  CHECK(lines.loop.what().starved == 1);
  CHECK(lines.loop.what().overlong == 0);
  CHECK(lines.loop.what().frames == std::vector<std::string>{"next"});

  pair messages{framing::varlink, none};
  messages.connection->read();
  messages.send(std::string(kept_max_bytes + 1, 'x'));
  CHECK(messages.loop.what().ends == std::vector{stream_end::no_room});
}

TEST_CASE("a write joins its pieces, stops when the socket is full, and goes "
          "on later") {
  pair x{framing::varlink};
  std::array<std::string_view, 2> pieces{"ab", "cd"};
  CHECK(x.connection->write(pieces).bytes == 4);
  CHECK(x.receive() == "abcd");
  std::string big(4 << 20, 'x');
  auto first = x.write(big);
  CHECK(first.bytes > 0);
  CHECK(first.bytes < big.size());
  CHECK_FALSE(first.broken);
  CHECK(x.write("y").bytes == 0);
  x.connection->await_writable();
  x.loop.step();
  CHECK(x.loop.what().writable == 0);
  while (!x.receive().empty())
    ;
  x.loop.step();
  CHECK(x.loop.what().writable == 1);
  CHECK(x.write("y").bytes == 1);
}

TEST_CASE(
    "a watched peer that half-closes stays, and one that leaves is reported") {
  pair x{framing::varlink};
  x.connection->watch();
  ::shutdown(x.peer.get(), SHUT_WR);
  x.loop.step();
  CHECK(x.loop.what().hung_up == 0);
  x.peer.reset();
  x.loop.step();
  CHECK(x.loop.what().hung_up == 1);
}

// Otherwise the hub would think that a subscriber has left while it still
// reads.
TEST_CASE("an event of another descriptor does not report that a peer left") {
  stepped_loop loop;
  auto open = std::make_shared<std::size_t>(0);
  int fds[2];
  REQUIRE(
      ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds)
      == 0);
  io::unique_fd peer{fds[0]};
  actors::connection_ptr connection;
  test::with_stale_event(loop.context(), [&] {
    io::unique_fd ours{fds[1]};
    auto who = io::peer_of(ours.get());
    connection = io::stream::make(loop.context(), std::move(ours),
                                  std::move(who), framing::varlink, open);
    connection->own(loop.owner());
    connection->watch();
  });
  loop.step();
  CHECK(loop.what().hung_up == 0);
  peer.reset();
  loop.step();
  CHECK(loop.what().hung_up == 1);
  connection->close();
}

TEST_CASE("a peer that left before watch() is reported") {
  pair x{framing::varlink};
  x.peer.reset();
  x.connection->watch();
  x.loop.step();
  CHECK(x.loop.what().hung_up == 1);
}

TEST_CASE(
    "a write to a peer that left is reported as broken and raises no signal") {
  pair x{framing::varlink};
  x.peer.reset();
  CHECK(x.write("x").broken);
}

TEST_CASE("a closed connection sends no message, closes its socket and is no "
          "longer counted") {
  pair x{framing::lines};
  CHECK(*x.open == 1);
  x.connection->read();
  x.send("un");
  x.connection->close();
  x.loop.step();
  CHECK(x.loop.what().received == 0);
  CHECK(x.receive().empty());
  x.connection = io::stream::make(x.loop.context(), io::unique_fd{::dup(1)}, {},
                                  framing::lines, nullptr);
  CHECK(*x.open == 0);
}

TEST_CASE("dialling a socket that does not exist fails with the cause") {
  stepped_loop loop;
  test::temp_dir dir;
  auto result = io::stream::dial(loop.context(), (dir / "none").string(),
                                 framing::varlink);
  REQUIRE_FALSE(result);
  CHECK(actors::what(result.error()) == "No such file or directory");
}

TEST_CASE("the peer is known by uid, pid and command") {
  pair x{framing::lines};
  CHECK(x.connection->who().uid == ::getuid());
  CHECK(x.connection->who().pid == ::getpid());
  CHECK(x.connection->who().command == "test-io");
}

} // namespace stream_tests
