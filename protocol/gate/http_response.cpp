#include "protocol/gate/http_response.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace clearance::protocol {

namespace {

void append_field(std::string& out, std::string_view name,
                  std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

} // namespace

// Ours and those of git http-backend.
std::string_view reason_of(int status) noexcept {
  switch (status) {
  case 100:
    return "Continue";
  case 200:
    return "OK";
  case 304:
    return "Not Modified";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 408:
    return "Request Timeout";
  case 413:
    return "Content Too Large";
  case 415:
    return "Unsupported Media Type";
  case 417:
    return "Expectation Failed";
  case 429:
    return "Too Many Requests";
  case 431:
    return "Request Header Fields Too Large";
  case 500:
    return "Internal Server Error";
  case 501:
    return "Not Implemented";
  case 502:
    return "Bad Gateway";
  case 503:
    return "Service Unavailable";
  case 504:
    return "Gateway Timeout";
  default: // any number may come from the backend
    return "";
  }
}

std::string to_bytes(const response_head& head, const response_framing& framing,
                     std::string_view server) {
  std::string out = "HTTP/1.1 " + std::to_string(head.status) + ' ';
  out += reason_of(head.status);
  out += "\r\n";
  append_field(out, "Server", server);
  for (const auto& [name, value] : head.fields)
    append_field(out, name, value);
  if (framing.chunked)
    append_field(out, "Transfer-Encoding", "chunked");
  else if (framing.content_length)
    append_field(out, "Content-Length",
                 std::to_string(*framing.content_length));
  if (framing.close)
    append_field(out, "Connection", "close");
  out += "\r\n";
  return out;
}

std::string text_response(int status, std::string_view text, bool close,
                          std::string_view server, const http_fields& more) {
  response_head head{status, more};
  if (std::none_of(more.begin(), more.end(), [](const auto& field) {
        return field.first == "Content-Type";
      }))
    head.fields.emplace_back("Content-Type", "text/plain");
  auto out = to_bytes(head, {false, text.size(), close}, server);
  out += text;
  return out;
}

std::string chunk_line(std::size_t size) {
  std::array<char, 16> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
  std::string out(digits.data(), end);
  out += "\r\n";
  return out;
}

} // namespace clearance::protocol
