// Checks that Beast's parser does not make. Beast reads a request whose
// Transfer-Encoding is not `chunked` as one without a body. It accepts a list
// of equal lengths. It limits the request line and the fields separately, and
// trailers not at all. protocol::request_head_builder checks the fields; the
// sizes are checked here.

#include "actors/io/http/http_reader.hpp"

#include "protocol/gate/limits.hpp"
#include "protocol/text/secret.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

namespace clearance::io {

namespace gate_limits = protocol::gate_limits;
namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

// The shortest bytes between chunks that can end a message: "0" and two line
// ends. Beast 1.81 asserts that there are as many: a client that sends `0\r\n`
// and then `\r` would abort the process.
constexpr std::size_t chunk_line_min_bytes = 5;

/// Collects the results of one call of put().
class http_reader::parser : public http::basic_parser<true> {
public:
  parser() {
    // The exact limits are checked below. Beast's own limit must not apply
    // first.
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(boost::none);
  }

  /// Sets where body bytes are moved to. `to` must not be after the bytes that
  /// are read.
  void move_body_to(char* to) noexcept {
    to_ = to;
    moved_ = 0;
  }
  std::size_t moved() const noexcept { return moved_; }

  /// Bytes of the current chunk, or of the whole body, that are still missing.
  std::uint64_t body_left() const noexcept { return body_left_; }

  protocol::request_head_builder builder;
  std::optional<protocol::http_refusal> refusal;

private:
  void on_request_impl(http::verb, string_view method, string_view target,
                       int version, error_code&) override {
    builder.start(method, target, version);
  }

  void on_response_impl(int, string_view, int, error_code&) override {
    // nop: this is not called for requests
  }

  void on_field_impl(http::field, string_view name, string_view value,
                     error_code& ec) override {
    // Trailers are ignored: the request was decided before they came.
    if (!is_header_done())
      judge(builder.add(name, value), ec);
  }

  void on_header_impl(error_code& ec) override { judge(builder.finish(), ec); }

  void on_body_init_impl(const boost::optional<std::uint64_t>& size,
                         error_code&) override {
    body_left_ = size.value_or(0);
  }

  std::size_t on_body_impl(string_view bytes, error_code&) override {
    return move_body(bytes);
  }

  void on_chunk_header_impl(std::uint64_t size, string_view,
                            error_code&) override {
    body_left_ = size;
  }

  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes,
                                 error_code&) override {
    return move_body(bytes);
  }

  void on_finish_impl(error_code&) override {
    // nop: the caller asks is_done()
  }

  void judge(std::optional<protocol::http_refusal> why, error_code& ec) {
    if (why) {
      refusal = why;
      ec = http::error::bad_field;
    }
  }

  std::size_t move_body(string_view bytes) {
    std::memmove(to_ + moved_, bytes.data(), bytes.size());
    moved_ += bytes.size();
    body_left_ -= bytes.size();
    return bytes.size();
  }

  char* to_ = nullptr;
  std::size_t moved_ = 0;
  std::uint64_t body_left_ = 0;
};

http_reader::http_reader() = default;

http_reader::~http_reader() = default;

void http_reader::start() {
  parser_ = std::make_unique<parser>();
  head_size_ = 0;
  began_ = false;
}

// RFC 9112, section 2.2: old clients send an empty line after a body. Returns
// how many bytes to skip. These bytes count as bytes of the head.
std::size_t http_reader::empty_lines(std::span<const char> bytes) noexcept {
  std::size_t size = 0;
  while (!began_ && bytes.size() - size >= 2 && bytes[size] == '\r'
         && bytes[size + 1] == '\n')
    size += 2;
  began_ = began_ || bytes.size() - size > 1
           || (bytes.size() - size == 1 && bytes[size] != '\r');
  return size;
}

http_reader::progress http_reader::refuse(protocol::http_refusal why) noexcept {
  refusal_ = why;
  return {outcome::refused, 0, 0};
}

http_reader::progress http_reader::feed_head(std::span<char> bytes) {
  const auto skipped = empty_lines(bytes);
  head_size_ += skipped;
  bytes = bytes.subspan(skipped);
  if (!began_ && head_size_ < gate_limits::head_max_bytes)
    return {outcome::need_more, skipped, 0};
  error_code ec;
  const auto n = parser_->put({bytes.data(), bytes.size()}, ec);
  if (ec && ec != http::error::need_more)
    return refuse(parser_->refusal.value_or(
        protocol::http_refusal{400, "malformed request"}));
  const bool complete = parser_->is_header_done();
  // An incomplete head needs at least one byte more than has arrived.
  const auto size = head_size_ + (complete ? n : bytes.size() + 1);
  if (size > gate_limits::head_max_bytes)
    return refuse({431, "request line and headers are too long"});
  head_size_ += n;
  if (!complete)
    return {outcome::need_more, skipped + n, 0};
  protocol::wipe(bytes.first(n));
  head_ = parser_->builder.take();
  return {outcome::complete, skipped + n, 0};
}

// Beast reads one element in a call: a piece of body, or a chunk's line, which
// it consumes whole or not at all. The last chunk's line includes the trailer.
http_reader::progress http_reader::feed_body(std::span<char> bytes) {
  progress result;
  parser_->move_body_to(bytes.data());
  while (!parser_->is_done() && result.consumed < bytes.size()) {
    auto rest = bytes.subspan(result.consumed);
    const bool between = head_.chunked && parser_->body_left() == 0;
    if (between)
      rest =
          rest.first(std::min(rest.size(), gate_limits::chunk_line_max_bytes));
    if (between && rest.size() < chunk_line_min_bytes)
      break;
    error_code ec;
    const auto n = parser_->put({rest.data(), rest.size()}, ec);
    result.consumed += n;
    if (ec == http::error::need_more && n == 0) {
      if (between && rest.size() == gate_limits::chunk_line_max_bytes)
        return refuse({400, "chunk extension or trailer is too long"});
      break;
    }
    if (ec && ec != http::error::need_more)
      return refuse({400, "malformed chunk"});
  }
  result.body = parser_->moved();
  result.what = parser_->is_done() ? outcome::complete : outcome::need_more;
  return result;
}

} // namespace clearance::io
