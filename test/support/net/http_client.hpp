/// An HTTP client for tests: sends any bytes and reads whole responses. It uses
/// nothing of protocol/ and actors/, so that it cannot share their faults.
#pragma once

#include "test/support/net/raw_socket.hpp"

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::test {

struct http_response {
  int status = 0;
  std::string head; ///< status line and fields, as they came
  std::string body; ///< without chunk framing

  /// The value of a field, in any case; empty if there is no such field.
  std::string field(std::string_view name) const;
};

std::ostream& operator<<(std::ostream& out, const http_response& x);

class http_client {
public:
  explicit http_client(raw_socket socket) : socket_(std::move(socket)) {}

  raw_socket& socket() noexcept { return socket_; }

  void send(std::string_view bytes) { socket_.send(bytes); }

  /// Waits for the next response. Throws if it is malformed, or if the stream
  /// ends before the response.
  http_response next();

  /// Waits for the head of a response. Read its body with read_more().
  http_response next_head();

  /// Appends the bytes that come next; false at the end of the stream.
  bool read_more(std::string& out);

  /// Calls send() and next().
  http_response call(std::string_view bytes);

  /// Waits for the end of the stream. Returns what came before it.
  std::string rest();

private:
  void need(std::size_t bytes);
  std::string take(std::size_t bytes);
  std::string take_line();
  std::string take_chunks();

  raw_socket socket_;
  std::string buffer_;
};

/// The bytes of a request. Fields are lines without CRLF. Host is added, and
/// Content-Length if there is a body and no field says how long it is.
std::string http_request(std::string_view method, std::string_view target,
                         const std::vector<std::string>& fields = {},
                         std::string_view body = {});

/// The Authorization field with Basic credentials.
std::string authorization(std::string_view user,
                          std::string_view password = {});

/// `body` in chunks of at most `size` bytes, with the final empty chunk.
std::string chunked(std::string_view body, std::size_t size);

/// A connection to a loopback port.
raw_socket connect_tcp(std::uint16_t port);

} // namespace clearance::test
