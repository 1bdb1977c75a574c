/// HTTP requests out of a stream of bytes: a thin cover over Boost.Beast's
/// parser, so that one file alone has to compile it.
#pragma once

#include "protocol/gate/http_request.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace clearance::io {

/// One message after another; bytes may come cut anywhere. Whoever feeds keeps
/// what was not consumed and brings it again, with more behind it.
class http_reader {
public:
  enum class outcome : std::uint8_t {
    need_more, ///< bring what was not consumed, and more
    complete,  ///< the head, or the message, ends behind `consumed`
    refused,   ///< see refusal(): answer it and close
  };

  struct progress {
    outcome what = outcome::need_more;
    std::size_t consumed = 0; ///< of the bytes of this call
    std::size_t body = 0;     ///< its first bytes are now this much of the body
  };

  http_reader();
  ~http_reader();

  /// A new request begins.
  void start();

  /// Until the head is complete, then head() has it. Empty lines before it are
  /// passed over. Consumed bytes of a complete head are overwritten: there was
  /// a token in them.
  progress feed_head(std::span<char> bytes);

  /// Until the message is complete. Only of a head that has a body.
  progress feed_body(std::span<char> bytes);

  const protocol::request_head& head() const noexcept { return head_; }
  const protocol::http_refusal& refusal() const noexcept { return refusal_; }

private:
  class parser;

  std::size_t empty_lines(std::span<const char> bytes) noexcept;
  progress refuse(protocol::http_refusal why) noexcept;

  std::unique_ptr<parser> parser_;
  std::size_t head_size_ = 0; // consumed so far
  bool began_ = false;        // the request line has
  protocol::request_head head_;
  protocol::http_refusal refusal_;
};

} // namespace clearance::io
