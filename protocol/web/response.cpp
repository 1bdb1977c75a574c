#include "protocol/web/response.hpp"

#include <charconv>
#include <cstddef>
#include <iterator>

namespace clearance::protocol {

namespace {

/// Nothing is kept by a browser or a proxy, guessed, framed, read by another
/// site or told to one.
constexpr std::string_view guarding_fields =
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

constexpr std::string_view nothing_policy =
    "default-src 'none'; frame-ancestors 'none'";

std::string_view status_words(int status) {
  switch (status) {
  case 403:
    return "403 Forbidden";
  case 404:
    return "404 Not Found";
  case 503:
    return "503 Service Unavailable";
  default:
    return "400 Bad Request";
  }
}

} // namespace

std::string web_response(std::string_view type, std::string_view body,
                         std::string_view policy) {
  std::string result = "HTTP/1.1 200 OK\r\n";
  result += guarding_fields;
  result += "Content-Security-Policy: ";
  result += policy.empty() ? nothing_policy : policy;
  result += "\r\nContent-Type: ";
  result += type;
  result += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  result += body;
  return result;
}

std::string web_refused(int status) {
  std::string result = "HTTP/1.1 ";
  result += status_words(status);
  result += "\r\n";
  result += guarding_fields;
  result += "Content-Security-Policy: ";
  result += nothing_policy;
  result += "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  return result;
}

std::string web_stream_head() {
  std::string result = "HTTP/1.1 200 OK\r\n";
  result += guarding_fields;
  result += "Content-Security-Policy: ";
  result += nothing_policy;
  result += "\r\nContent-Type: application/x-ndjson\r\n"
            "Transfer-Encoding: chunked\r\n\r\n";
  return result;
}

std::string web_chunk(std::string_view bytes) {
  char digits[2 * sizeof(std::size_t)];
  const auto end =
      std::to_chars(std::begin(digits), std::end(digits), bytes.size(), 16);
  std::string result{std::begin(digits), end.ptr};
  result += "\r\n";
  result += bytes;
  result += "\r\n";
  return result;
}

std::string base64_text(const sha256_digest& x) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  for (std::size_t i = 0; i < x.size(); i += 3) {
    const auto at = [&](std::size_t j) -> unsigned {
      return j < x.size() ? x[j] : 0U;
    };
    const auto bits = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    for (unsigned j = 0; j < 4; ++j)
      result += i + j > x.size() ? '=' : letters[bits >> (18 - 6 * j) & 63];
  }
  return result;
}

std::string web_page_policy(const sha256_digest& script,
                            const sha256_digest& style) {
  return "default-src 'none'; script-src 'sha256-" + base64_text(script)
         + "'; style-src 'sha256-" + base64_text(style)
         + "'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
           "frame-ancestors 'none'; require-trusted-types-for 'script'; "
           "trusted-types 'none'";
}

} // namespace clearance::protocol
