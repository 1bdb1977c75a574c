/// A request's head as the gate wants it, and the rules for it that the HTTP
/// parser leaves to others.
#pragma once

#include "protocol/text/sha256.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

/// Why a request is answered before anybody looks at what it wants.
struct http_refusal {
  int status = 400;
  std::string_view why; ///< a literal, for the client and the log

  friend bool operator==(const http_refusal&, const http_refusal&) = default;
};

struct request_head {
  std::string method;
  std::string target;
  bool http_1_1 = true;
  bool keep_alive = true; ///< what the client wishes
  bool expects_continue = false;
  bool chunked = false;
  std::optional<std::uint64_t> content_length; ///< never with `chunked`
  bool has_authorization = false; ///< the field was there, readable or not
  /// SHA-256 of what may be the token, most likely first, see
  /// read_credentials(); the token itself is not kept. At most two.
  std::vector<sha256_digest> tokens;
  std::string content_type;
  std::string content_encoding;
  std::string git_protocol;

  bool has_body() const noexcept {
    return chunked || content_length.value_or(0) > 0;
  }
};

/// Collects a head field by field. A refusal is final: answer and close, for
/// nobody can tell where the next request begins.
///
/// Stricter than RFC 9112, section 6.3, allows us to be lenient: a message of
/// which two parsers could see two lengths is how requests are smuggled.
class request_head_builder {
public:
  /// The request line comes first. `version` is 10 or 11.
  void start(std::string_view method, std::string_view target, int version);

  /// Any field, in order. Name and value are a token and text without control
  /// characters already. Source: RFC 9112, sections 3.2 and 6.1 to 6.3.
  std::optional<http_refusal> add(std::string_view name,
                                  std::string_view value);

  /// All fields are there.
  std::optional<http_refusal> finish();

  request_head take() noexcept { return std::move(head_); }

private:
  std::optional<http_refusal> add_content_length(std::string_view value);
  std::optional<http_refusal> add_transfer_encoding(std::string_view value);
  std::optional<http_refusal> add_host(std::string_view value);
  void add_connection(std::string_view value);

  request_head head_;
  bool has_host_ = false;
};

/// Digits alone, of a value that fits.
std::optional<std::uint64_t> parse_content_length(std::string_view text);

/// ASCII letters of either case are the same.
bool same_field(std::string_view a, std::string_view b) noexcept;

} // namespace clearance::protocol
