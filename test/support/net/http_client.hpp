/// An HTTP client for tests: any bytes out, whole responses in. On purpose
/// without anything of protocol/ or actors/.
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

  /// Of the field, whatever its case; empty when it is not there.
  std::string field(std::string_view name) const;
};

std::ostream& operator<<(std::ostream& out, const http_response& x);

class http_client {
public:
  explicit http_client(raw_socket socket) : socket_(std::move(socket)) {}

  raw_socket& socket() noexcept { return socket_; }

  void send(std::string_view bytes) { socket_.send(bytes); }

  /// Awaits the next response. Throws when it is malformed, or when the stream
  /// ends before it does.
  http_response next();

  /// Awaits a response's head alone; its body is left to read_more().
  http_response next_head();

  /// Appends bytes of the stream as they come; false at the end.
  bool read_more(std::string& out);

  /// send() and next().
  http_response call(std::string_view bytes);

  /// Awaits the end; what came before it.
  std::string rest();

private:
  void need(std::size_t bytes);
  std::string take(std::size_t bytes);
  std::string take_line();
  std::string take_chunks();

  raw_socket socket_;
  std::string buffer_;
};

/// Bytes of a request. Fields are lines without their ends; Host is added, and
/// Content-Length when there is a body and no field speaks of one.
std::string http_request(std::string_view method, std::string_view target,
                         const std::vector<std::string>& fields = {},
                         std::string_view body = {});

/// The field of Basic credentials.
std::string authorization(std::string_view user,
                          std::string_view password = {});

/// `body` as chunks of at most `size` bytes, with the last one.
std::string chunked(std::string_view body, std::size_t size);

/// A connection to a loopback port.
raw_socket connect_tcp(std::uint16_t port);

} // namespace clearance::test
