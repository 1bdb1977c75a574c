/// Response heads as bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::protocol {

using http_fields = std::vector<std::pair<std::string, std::string>>;

/// What a response's head says of itself.
struct response_head {
  int status = 200;
  http_fields fields; ///< without those below; checked already
};

/// How the response's end is told.
struct response_framing {
  bool chunked = false;
  std::optional<std::uint64_t> content_length; ///< never with `chunked`
  bool close = false; ///< the connection ends behind this response
};

/// "Not Found" for 404; empty for a code that has no name here.
std::string_view reason_of(int status) noexcept;

/// The head with its final empty line. `server` is the Server field's value.
std::string to_bytes(const response_head& head, const response_framing& framing,
                     std::string_view server);

/// A whole response whose body is `text`: text/plain, unless `more` has a
/// Content-Type.
std::string text_response(int status, std::string_view text, bool close,
                          std::string_view server,
                          const http_fields& more = {});

/// The line before a chunk of `size` bytes. Source: RFC 9112, section 7.1.
std::string chunk_line(std::size_t size);

} // namespace clearance::protocol
