/// Reads HTTP requests from a stream of bytes. It wraps Boost.Beast's parser,
/// so that only one file has to compile that.
#pragma once

#include "protocol/gate/http_request.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace clearance::io {

/// Reads one request after another. The bytes may be cut anywhere. The caller
/// keeps the bytes that were not consumed, and passes them again with the bytes
/// that follow.
class http_reader {
public:
  enum class outcome : std::uint8_t {
    need_more, ///< pass the bytes that were not consumed, and more
    complete,  ///< the head, or the message, ends after `consumed`
    refused,   ///< see refusal(): send an error and close
  };

  struct progress {
    outcome what = outcome::need_more;
    std::size_t consumed = 0; ///< how many bytes of this call
    std::size_t body = 0; ///< the body bytes, now at the beginning of the bytes
  };

  http_reader();
  ~http_reader();

  /// Prepares for the head of a new request.
  void start();

  /// Reads the head. When it is complete, head() returns it. Empty lines before
  /// the head are skipped. Consumed bytes of a complete head are overwritten,
  /// because they may contain a token.
  progress feed_head(std::span<char> bytes);

  /// Reads the body of a head that has one, until the message is complete.
  progress feed_body(std::span<char> bytes);

  const protocol::request_head& head() const noexcept { return head_; }
  const protocol::http_refusal& refusal() const noexcept { return refusal_; }

private:
  class parser;

  std::size_t empty_lines(std::span<const char> bytes) noexcept;
  progress refuse(protocol::http_refusal why) noexcept;

  std::unique_ptr<parser> parser_;
  std::size_t head_size_ = 0; // bytes that were consumed so far
  bool began_ = false;        // the request line has begun
  protocol::request_head head_;
  protocol::http_refusal refusal_;
};

} // namespace clearance::io
