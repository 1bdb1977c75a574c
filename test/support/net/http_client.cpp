#include "test/support/net/http_client.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>

namespace clearance::test {

namespace {

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) {
                      return std::tolower(x) == std::tolower(y);
                    });
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = (bits << 8)
             | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k])
                                     : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      result +=
          i + k <= bytes.size() ? digits[(bits >> (18 - 6 * k)) & 63] : '=';
  }
  return result;
}

} // namespace

std::string http_response::field(std::string_view name) const {
  std::size_t at = head.find("\r\n");
  while (at != std::string::npos && at + 2 < head.size()) {
    at += 2;
    const auto end = head.find("\r\n", at);
    const auto line = std::string_view(head).substr(at, end - at);
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && same(line.substr(0, colon), name)) {
      auto value = line.substr(colon + 1);
      value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
      return std::string(value);
    }
    at = end;
  }
  return {};
}

std::ostream& operator<<(std::ostream& out, const http_response& x) {
  return out << x.head << x.body;
}

void http_client::need(std::size_t bytes) {
  while (buffer_.size() < bytes)
    if (!read_more(buffer_))
      throw std::runtime_error("the stream ended inside of a response: "
                               + buffer_);
}

bool http_client::read_more(std::string& out) {
  if (!buffer_.empty() && &out != &buffer_) {
    out += std::exchange(buffer_, {});
    return true;
  }
  const deadline guard;
  guard.await(socket_.fd(), POLLIN, "bytes of a response");
  return socket_.read_some(out);
}

std::string http_client::take(std::size_t bytes) {
  need(bytes);
  auto result = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes);
  return result;
}

std::string http_client::take_line() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos)
    need(buffer_.size() + 1);
  auto result = take(end + 2);
  result.resize(end);
  return result;
}

std::string http_client::take_chunks() {
  std::string result;
  for (;;) {
    const auto size = std::stoul(take_line(), nullptr, 16);
    result += take(size);
    if (!take_line().empty())
      throw std::runtime_error("a chunk is longer than its line says");
    if (size == 0)
      return result;
  }
}

http_response http_client::next_head() {
  http_response result;
  std::string line;
  while (!(line = take_line()).empty())
    result.head += line + "\r\n";
  if (std::sscanf(result.head.c_str(), "HTTP/1.1 %3d ", &result.status) != 1)
    throw std::runtime_error("no status line: " + result.head);
  return result;
}

http_response http_client::next() {
  auto result = next_head();
  const auto length = result.field("Content-Length");
  if (result.status < 200)
    return result;
  if (result.field("Transfer-Encoding") == "chunked")
    result.body = take_chunks();
  else if (!length.empty())
    result.body = take(std::stoul(length));
  else
    result.body = rest();
  return result;
}

http_response http_client::call(std::string_view bytes) {
  send(bytes);
  return next();
}

std::string http_client::rest() {
  auto result = std::exchange(buffer_, {});
  while (read_more(result))
    continue;
  return result;
}

std::string http_request(std::string_view method, std::string_view target,
                         const std::vector<std::string>& fields,
                         std::string_view body) {
  std::string result(method);
  result += ' ';
  result += target;
  result += " HTTP/1.1\r\nHost: gate\r\n";
  bool framed = body.empty();
  for (const auto& field : fields) {
    result += field + "\r\n";
    framed = framed || field.starts_with("Content-Length")
             || field.starts_with("Transfer-Encoding");
  }
  if (!framed)
    result += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  result += "\r\n";
  result += body;
  return result;
}

std::string authorization(std::string_view user, std::string_view password) {
  return "Authorization: Basic "
         + base64(std::string(user) + ':' + std::string(password));
}

std::string chunked(std::string_view body, std::size_t size) {
  std::string result;
  char line[20];
  while (!body.empty()) {
    const auto piece = body.substr(0, size);
    std::snprintf(line, sizeof line, "%zx\r\n", piece.size());
    result += line;
    result += piece;
    result += "\r\n";
    body.remove_prefix(piece.size());
  }
  return result + "0\r\n\r\n";
}

raw_socket connect_tcp(std::uint16_t port) {
  unique_fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!fd
      || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                   sizeof(address))
             != 0
      || ::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0)
    fail_with_errno("connect to port " + std::to_string(port));
  return raw_socket{std::move(fd)};
}

} // namespace clearance::test
