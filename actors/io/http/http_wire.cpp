#include "actors/io/http/http_wire.hpp"

#include "protocol/gate/limits.hpp"

#include <boost/asio/write.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace clearance::io {

namespace asio = boost::asio;
namespace gate_limits = protocol::gate_limits;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

namespace {

asio::generic::stream_protocol protocol_of(int fd) {
  int family = AF_UNSPEC;
  socklen_t size = sizeof(family);
  ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
  return {family, 0};
}

} // namespace

http_wire::http_wire(asio::io_context& context, unique_fd fd)
    : socket_(context) {
  const auto protocol = protocol_of(fd.get());
  tcp_ = protocol.family() != AF_UNIX;
  const int on = 1;
  if (tcp_) // git's progress lines must be sent at once
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  error_code error;
  socket_.assign(protocol, fd.get(), error);
  if (!error)
    fd.release();
  start_clocks();
}

void http_wire::start_clocks() {
  last_read_ = last_write_ = clock::now();
}

// -- the window ---------------------------------------------------------------

std::span<char> http_wire::window() noexcept {
  return {buffer_.get() + begin_, end_ - begin_};
}

void http_wire::consume(std::size_t bytes) noexcept {
  begin_ += bytes;
  if (begin_ == end_) {
    begin_ = end_ = 0;
    buffer_.reset();
  }
}

// Waits before it allocates the buffer, so that an idle connection needs no
// memory.
void http_wire::await_bytes(std::function<void(bool)> done) {
  socket_.async_wait(socket_type::wait_read,
                     [self = shared_from_this(),
                      done = std::move(done)](const error_code& error) {
                       done(!error && self->receive());
                     });
}

// False at the end of the stream. True if there are just no bytes now.
bool http_wire::receive() {
  if (!buffer_)
    buffer_ =
        std::make_unique_for_overwrite<char[]>(gate_limits::pump_max_bytes);
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const auto n = ::recv(socket_.native_handle(), buffer_.get() + end_,
                        gate_limits::pump_max_bytes - end_, MSG_DONTWAIT);
  if (n < 0)
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  end_ += static_cast<std::size_t>(n);
  last_read_ = clock::now();
  return n > 0;
}

// -- requests -----------------------------------------------------------------

void http_wire::read_head(head_handler done,
                          std::function<void()> on_first_byte) {
  consume(std::exchange(taken_, 0));
  reader_.start();
  go_on_with_head(std::move(done), std::move(on_first_byte));
}

void http_wire::go_on_with_head(head_handler done,
                                std::function<void()> on_first_byte) {
  if (begin_ < end_) {
    if (auto first = std::exchange(on_first_byte, nullptr))
      first();
    const auto [what, consumed, body] = reader_.feed_head(window());
    consume(consumed);
    if (what != http_reader::outcome::need_more)
      return done(what == http_reader::outcome::complete ? event::complete
                                                         : event::refused);
  }
  await_bytes([this, done = std::move(done),
               on_first_byte = std::move(on_first_byte)](bool ok) mutable {
    if (ok)
      go_on_with_head(std::move(done), std::move(on_first_byte));
    else
      done(event::ended);
  });
}

void http_wire::read_body(body_handler done) {
  consume(std::exchange(taken_, 0));
  if (begin_ < end_) {
    const auto bytes = window();
    const auto [what, consumed, body] = reader_.feed_body(bytes);
    if (what == http_reader::outcome::refused)
      return done(event::refused, {});
    taken_ = consumed;
    if (what == http_reader::outcome::complete)
      return done(event::complete, bytes.first(body));
    if (body > 0)
      return done(event::piece, bytes.first(body));
    consume(std::exchange(taken_, 0));
  }
  await_bytes([this, done = std::move(done)](bool ok) mutable {
    if (ok)
      read_body(std::move(done));
    else
      done(event::ended, {});
  });
}

void http_wire::discard(std::size_t max_bytes, std::function<void()> done) {
  const auto n = std::min(max_bytes, end_ - begin_);
  consume(n);
  if (n == max_bytes)
    return done();
  await_bytes([this, left = max_bytes - n, done = std::move(done)](bool ok) {
    if (ok)
      discard(left, done);
    else
      done();
  });
}

// -- responses ----------------------------------------------------------------

void http_wire::write(const pieces& what, write_handler done) {
  last_write_ = clock::now();
  asio::async_write(
      socket_, what,
      [self = shared_from_this()](const error_code& error, std::size_t) {
        self->last_write_ = clock::now();
        return error ? 0 : gate_limits::pump_max_bytes;
      },
      [done = std::move(done)](const error_code& error, std::size_t) {
        done(!error);
      });
}

bool http_wire::write_now(std::span<const char> bytes) {
  return ::send(socket_.native_handle(), bytes.data(), bytes.size(),
                MSG_DONTWAIT | MSG_NOSIGNAL)
         == static_cast<ssize_t>(bytes.size());
}

// -- ending -------------------------------------------------------------------

void http_wire::shut_down_writing() {
  error_code ignored;
  socket_.shutdown(socket_type::shutdown_send, ignored);
}

void http_wire::close() {
  error_code ignored;
  socket_.close(ignored);
}

// On a unix socket poll tells the two cases apart. Over TCP a client that left
// and one that shut down its writing side look the same.
bool http_wire::hung_up() {
  pollfd entry{socket_.native_handle(), POLLRDHUP, 0};
  ::poll(&entry, 1, 0);
  const auto gone = POLLHUP | POLLERR | POLLNVAL | (tcp_ ? POLLRDHUP : 0);
  return (entry.revents & gone) != 0;
}

} // namespace clearance::io
