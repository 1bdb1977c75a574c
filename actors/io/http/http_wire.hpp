/// The bytes of one HTTP connection: reads requests and writes responses.
#pragma once

#include "actors/io/base/unique_fd.hpp"
#include "actors/io/http/http_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace clearance::io {

/// Reads into a buffer of gate_limits::pump_max_bytes, which exists only while
/// there are bytes in it. Use this class through a shared_ptr, on the
/// io_context's thread. The io_context calls the handlers; for bytes that have
/// arrived already the methods call them directly.
class http_wire : public std::enable_shared_from_this<http_wire> {
public:
  using socket_type = boost::asio::generic::stream_protocol::socket;
  using time_point = std::chrono::steady_clock::time_point;

  enum class event : std::uint8_t {
    complete, ///< the head is complete; the body ends with this piece
    piece,    ///< a piece of the body, not the last one
    refused,  ///< see refusal()
    ended,    ///< the client closed the connection, or an error did
  };
  using head_handler = std::function<void(event)>;
  /// The piece is valid until the next call of read_body() or read_head().
  using body_handler = std::function<void(event, std::span<const char>)>;
  using write_handler = std::function<void(bool ok)>;

  /// Takes a connected, non-blocking socket.
  http_wire(boost::asio::io_context& context, unique_fd fd);

  /// Reads the next request's head. `on_first_byte` is called once, before
  /// `done`.
  void read_head(head_handler done, std::function<void()> on_first_byte);

  /// Reads a piece of the body of a head that has one. Do not call it again
  /// after `complete`.
  void read_body(body_handler done);

  /// Reads and drops bytes up to `max_bytes` or to the end of the stream.
  void discard(std::size_t max_bytes, std::function<void()> done);

  /// Writes up to three buffers completely. They must stay valid until `done`
  /// is called. Only one write at a time.
  using pieces = std::array<boost::asio::const_buffer, 3>;
  void write(const pieces& what, write_handler done);

  /// Writes a few bytes without waiting; false: it was not possible. Call it
  /// only while no write() is under way.
  bool write_now(std::span<const char> bytes);

  void shut_down_writing();
  void close();

  const protocol::request_head& head() const noexcept { return reader_.head(); }
  const protocol::http_refusal& refusal() const noexcept {
    return reader_.refusal();
  }

  /// Whether the peer has left: it has closed the connection. Over TCP also if
  /// it has shut down its writing side, because that looks the same.
  bool hung_up();

  /// When the peer last sent or accepted bytes.
  time_point last_read() const noexcept { return last_read_; }
  time_point last_write() const noexcept { return last_write_; }
  void start_clocks();

private:
  void await_bytes(std::function<void(bool ok)> done);
  bool receive();
  void go_on_with_head(head_handler done, std::function<void()> on_first_byte);
  std::span<char> window() noexcept;
  void consume(std::size_t bytes) noexcept;

  socket_type socket_;
  http_reader reader_;
  std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0; // the first byte that is not parsed
  std::size_t end_ = 0;
  std::size_t taken_ = 0; // bytes of the piece that a handler got last
  bool tcp_ = false;
  time_point last_read_{};
  time_point last_write_{};
};

} // namespace clearance::io
