#include "protocol/gate/http_request.hpp"

#include "protocol/gate/credentials.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace clearance::protocol {

namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

bool same_field(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::uint64_t> parse_content_length(std::string_view text) {
  std::uint64_t result = 0;
  // from_chars takes a sign for signed types only.
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return result;
}

void request_head_builder::start(std::string_view method,
                                 std::string_view target, int version) {
  head_.method = method;
  head_.target = target;
  head_.http_1_1 = version == 11;
  // RFC 9112, section 9.3: persistent is the default of 1.1 alone.
  head_.keep_alive = head_.http_1_1;
}

std::optional<http_refusal> request_head_builder::add(std::string_view name,
                                                      std::string_view value) {
  if (same_field(name, "content-length"))
    return add_content_length(value);
  if (same_field(name, "transfer-encoding"))
    return add_transfer_encoding(value);
  if (same_field(name, "host"))
    return add_host(value);
  if (same_field(name, "connection"))
    add_connection(value);
  else if (same_field(name, "content-type"))
    head_.content_type = value;
  else if (same_field(name, "content-encoding"))
    head_.content_encoding = value;
  else if (same_field(name, "git-protocol"))
    head_.git_protocol = value;
  else if (same_field(name, "authorization")) {
    // Two of them: which one was meant is not ours to guess.
    if (std::exchange(head_.has_authorization, true))
      return http_refusal{400, "more than one Authorization"};
    for (const auto& x : read_credentials(value))
      head_.tokens.push_back(sha256(x.reveal()));
  } else if (same_field(name, "expect")) {
    if (!same_field(value, "100-continue"))
      return http_refusal{417, "unknown expectation"};
    head_.expects_continue = true;
  }
  return std::nullopt;
}

// RFC 9112, section 6.3, lets a list of equal lengths pass; nobody who is
// honest sends one.
std::optional<http_refusal>
request_head_builder::add_content_length(std::string_view value) {
  if (head_.content_length)
    return http_refusal{400, "more than one Content-Length"};
  head_.content_length = parse_content_length(value);
  if (!head_.content_length)
    return http_refusal{400, "malformed Content-Length"};
  return std::nullopt;
}

std::optional<http_refusal>
request_head_builder::add_transfer_encoding(std::string_view value) {
  if (head_.chunked)
    return http_refusal{400, "more than one Transfer-Encoding"};
  if (!same_field(value, "chunked"))
    return http_refusal{400, "unknown Transfer-Encoding"};
  head_.chunked = true;
  return std::nullopt;
}

// RFC 9112, section 3.2. Two readers of one request could take it for two
// hosts.
std::optional<http_refusal>
request_head_builder::add_host(std::string_view value) {
  if (std::exchange(has_host_, true))
    return http_refusal{400, "more than one Host"};
  if (trimmed(value).find_first_of(" \t,/?#@\\") != value.npos)
    return http_refusal{400, "malformed Host"};
  return std::nullopt;
}

void request_head_builder::add_connection(std::string_view value) {
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const auto option = trimmed(value.substr(0, comma));
    // `close` wins whatever else stands there.
    if (same_field(option, "close"))
      head_.keep_alive = false;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

std::optional<http_refusal> request_head_builder::finish() {
  if (head_.http_1_1 && !has_host_)
    return http_refusal{400, "no Host"};
  if (head_.chunked && head_.content_length)
    return http_refusal{400, "Content-Length beside Transfer-Encoding"};
  // RFC 9112, section 6.1: a 1.0 peer cannot have meant it.
  if (head_.chunked && !head_.http_1_1)
    return http_refusal{400, "Transfer-Encoding in HTTP/1.0"};
  // RFC 9110, section 10.1.1: to be ignored in 1.0.
  if (!head_.http_1_1)
    head_.expects_continue = false;
  return std::nullopt;
}

} // namespace clearance::protocol
