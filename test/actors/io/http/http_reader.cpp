#include "actors/io/http/http_reader.hpp"

#include "protocol/gate/limits.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace http_reader_tests {

using clearance::io::http_reader;
using outcome = http_reader::outcome;
namespace limits = clearance::protocol::gate_limits;

namespace {

struct message {
  int refused = 0;       // the status
  bool complete = false; // head and body
  std::string target;
  std::string body;
  std::string rest; // the bytes after the message

  friend bool operator==(const message&, const message&) = default;
};

std::ostream& operator<<(std::ostream& out, const message& x) {
  return out << x.refused << ' ' << x.complete << " \"" << x.target << "\" \""
             << x.body << "\" \"" << x.rest << '"';
}

// Reads like a connection: the window has the bytes that are not consumed yet,
// and it grows by pieces that end at `cuts`.
message read(const std::string& bytes, std::vector<std::size_t> cuts) {
  cuts.push_back(bytes.size());
  message result;
  http_reader reader;
  reader.start();
  std::string window;
  std::size_t at = 0;
  bool in_body = false;
  auto take = [&](http_reader::progress x) {
    if (x.what == outcome::refused)
      result.refused = reader.refusal().status;
    REQUIRE_LE(x.body, x.consumed);
    REQUIRE_LE(x.consumed, window.size());
    result.body += window.substr(0, x.body);
    window.erase(0, x.consumed);
    return x.what == outcome::complete;
  };
  for (auto cut : cuts) {
    window += bytes.substr(at, cut - at);
    at = cut;
    if (!in_body && result.refused == 0 && !result.complete
        && take(reader.feed_head(window))) {
      result.target = reader.head().target;
      in_body = reader.head().has_body();
      result.complete = !in_body;
    }
    if (in_body && result.refused == 0 && take(reader.feed_body(window))) {
      result.complete = true;
      in_body = false;
    }
  }
  result.rest = window;
  if (result.refused != 0) // the bytes before the fault depend on the pieces
    return {result.refused, false, result.target, "", ""};
  return result;
}

std::vector<std::size_t> every(std::size_t step, std::size_t size) {
  std::vector<std::size_t> result;
  for (std::size_t i = step; i < size; i += step)
    result.push_back(i);
  return result;
}

// Reads the bytes whole, cut once at every byte, and in small pieces. The
// result must always be the same.
message read_cut_everywhere(const std::string& bytes) {
  const auto whole = read(bytes, {});
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    CAPTURE(cut);
    CHECK_EQ(read(bytes, {cut}), whole);
  }
  for (std::size_t step : {1U, 2U, 3U, 7U})
    CHECK_EQ(read(bytes, every(step, bytes.size())), whole);
  return whole;
}

int status_of(const std::string& bytes) {
  CAPTURE(bytes);
  return read_cut_everywhere(bytes).refused;
}

std::string chunked(std::string_view body) {
  return "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
         + std::string(body);
}

} // namespace

TEST_CASE("a request without a body ends with its head") {
  const auto x =
      read_cut_everywhere("GET /a?b HTTP/1.1\r\nHost: h\r\n\r\nGET /n");
  CHECK(x.complete);
  CHECK_EQ(x.target, "/a?b");
  CHECK_EQ(x.rest, "GET /n"); // belongs to the next request
}

TEST_CASE("a body with a Content-Length has exactly that length") {
  const auto x = read_cut_everywhere(
      "POST /p HTTP/1.0\r\ncontent-length: 5\r\n\r\nhelloPOST");
  CHECK(x.complete);
  CHECK_EQ(x.body, "hello");
  CHECK_EQ(x.rest, "POST");
  CHECK_FALSE(
      read_cut_everywhere(
          "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhell")
          .complete);
}

TEST_CASE("a chunked body is the content of its chunks, without chunk lines "
          "and trailer") {
  const auto x = read_cut_everywhere(
      chunked("3\r\nabc\r\n1;ext=\"v\"\r\nd\r\n0A\r\n0123456789\r\n"
              "0\r\nTrailer: x\r\nAuthorization: Basic YTo=\r\n\r\nnext"));
  CHECK(x.complete);
  CHECK_EQ(x.body, "abcd0123456789");
  CHECK_EQ(x.rest, "next");
  const auto empty = read_cut_everywhere(chunked("0\r\n\r\n"));
  CHECK(empty.complete);
  CHECK_EQ(empty.body, "");
}

TEST_CASE("a body of many small chunks is complete") {
  std::string chunks;
  for (int i = 0; i < 5000; ++i)
    chunks +=
        "1\r\n" + std::string(1, static_cast<char>('a' + i % 26)) + "\r\n";
  const auto bytes = chunked(chunks + "0\r\n\r\n");
  const auto x = read(bytes, {});
  CHECK(x.complete);
  CHECK_EQ(x.body.size(), 5000);
  CHECK_EQ(read(bytes, every(1000, bytes.size())), x);
}

TEST_CASE("a body may contain every byte value") {
  std::string body;
  for (int i = 0; i < 256; ++i)
    body += static_cast<char>(i);
  CHECK_EQ(
      read_cut_everywhere(chunked("100\r\n" + body + "\r\n0\r\n\r\n")).body,
      body);
}

TEST_CASE("malformed heads are refused") {
  for (std::string_view start : {
           "GET\r\n",
           "GET /\r\n",
           " GET / HTTP/1.1\r\n",
           "GET  / HTTP/1.1\r\n",
           "GET / HTTP/1.1 \r\n",
           "GET / HTTP/2.0\r\n",
           "GET / HTTP/0.9\r\n",
           "GET / http/1.1\r\n",
           "GET / HTTP/1.1\n",
           "G@T / HTTP/1.1\r\n",
           "GET /\x01 HTTP/1.1\r\n",
           "GET /\x7f HTTP/1.1\r\n",
           "GET / HTTP/1.12\r\n",
           "\n GET / HTTP/1.1\r\n",
           "\rGET / HTTP/1.1\r\n",
       })
    CHECK_EQ(status_of(std::string(start) + "A: b\r\n\r\n"), 400);
  for (std::string_view field : {
           "A\r\n",
           ": b\r\n",
           "A : b\r\n",
           "A: b\n",
           "A: \x01\r\n",
           "A: \x1b[31m\r\n",
           "A: b\x7f\r\n",
           "A: b\rc\r\n",
           "A\t: b\r\n",
           "\xc3\xa4: b\r\n",
           "A(: b\r\n",
           " A: b\r\n",
       })
    CHECK_EQ(status_of("GET / HTTP/1.1\r\nHost: h\r\n" + std::string(field)
                       + "\r\n\r\n"),
             400);
  CHECK_EQ(
      status_of(std::string("GET / HTTP/1.1\r\nHost: h\r\nA: \0\r\n\r\n", 33)),
      400);
}

// For each of these requests there were two parsers that found different ends:
// one read one request, the other two.
TEST_CASE("a request whose end could be read in two ways is refused") {
  auto post = [](std::string_view fields, int minor = 1) {
    return "POST / HTTP/1." + std::to_string(minor) + "\r\n"
           + std::string(fields) + "\r\n12345";
  };
  for (std::string_view fields : {
           "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
           "Content-Length: 5\r\nContent-Length: 5\r\n",
           "Content-Length: 5\r\nContent-Length: 6\r\n",
           "Content-Length: 5, 5\r\n",
           "Content-Length: -5\r\n",
           "Content-Length: +5\r\n",
           "Content-Length: five\r\n",
           "Content-Length: \r\n",
           "Content-Length: 0x5\r\n",
           "Content-Length: 5 5\r\n",
           "Content-Length: 18446744073709551616\r\n",
           "Transfer-Encoding: gzip\r\n",
           "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n",
           "Transfer-Encoding: identity\r\n",
           "Transfer-Encoding: chunked, chunked\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: xchunked\r\n",
           "Transfer-Encoding: \"chunked\"\r\n",
           "Transfer-Encoding:\r\n",
           "Content-Length : 5\r\n",
           "Connection: close\r\nContent-Length:5;a\r\n",
       })
    CHECK_EQ(status_of(post(fields)), 400);
  CHECK_EQ(status_of(post("Transfer-Encoding: chunked\r\n", 0)), 400);
}

TEST_CASE("malformed chunks are refused") {
  for (std::string_view body : {
           "x\r\n",
           "-1\r\n",
           "+1\r\n",
           " 1\r\na\r\n",
           "\r\n",
           "0x1\r\na\r\n",
           "1\r\nab\r\n",
           "1\r\na\n1\r\n",
           "1\na\r\n",
           "1 1\r\na\r\n",
           "11111111111111111\r\n",
           "ffffffffffffffffff\r\n",
           "1;=x\r\na\r\n",
           "1 ; \r\na\r\n",
           "1\r\naxx0\r\n\r\n",
           "0\r\nbad trailer\r\n\r\n",
           "0\r\nContent-Length: 5\r\n\r\n",
           "0\r\nA: \x01\r\n\r\n",
       })
    CHECK_EQ(status_of(chunked(body) + "\r\n\r\n\r\n\r\n"), 400);
}

TEST_CASE("a head has a maximal size") {
  auto head = [](std::size_t size, bool in_target) {
    std::string filler(size - 32, 'x');
    auto result =
        in_target ? "GET /" + filler + " HTTP/1.1\r\nHost: h\r\nA: \r\n\r\n"
                  : "GET / HTTP/1.1\r\nHost: h\r\nA: " + filler + "\r\n\r\n";
    REQUIRE_EQ(result.size(), size);
    return result;
  };
  for (bool in_target : {false, true})
    for (std::size_t step : {std::size_t{1000}, SIZE_MAX / 2}) {
      const auto fits = head(limits::head_max_bytes, in_target);
      const auto not_fits = head(limits::head_max_bytes + 1, in_target);
      CHECK(read(fits, every(step, fits.size())).complete);
      CHECK(read(fits + "next", every(step, fits.size())).complete);
      CHECK_EQ(read(not_fits, every(step, not_fits.size())).refused, 431);
      // The reader refuses such a head before its end has arrived.
      CHECK_EQ(read(not_fits.substr(0, limits::head_max_bytes), {}).refused,
               431);
    }
}

TEST_CASE("chunk lines and the trailer have a maximal size") {
  auto line = [](std::size_t size) {
    return chunked("1;" + std::string(size - 4, 'x') + "\r\na\r\n0\r\n\r\n");
  };
  auto trailer = [](std::size_t size) {
    return chunked("0\r\nA: " + std::string(size - 10, 'x') + "\r\n\r\n");
  };
  const auto max = limits::chunk_line_max_bytes;
  for (std::size_t step : {std::size_t{1}, std::size_t{1000}, SIZE_MAX / 2}) {
    auto get = [&](const std::string& x) {
      return read(x, every(step, x.size()));
    };
    CHECK(get(line(max)).complete);
    CHECK_EQ(get(line(max + 1)).refused, 400);
    CHECK(get(trailer(max)).complete);
    CHECK_EQ(get(trailer(max + 1)).refused, 400);
  }
}

TEST_CASE("after a complete head the buffer contains no token") {
  std::string bytes =
      "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic YTo=\r\n\r\nnext";
  http_reader reader;
  reader.start();
  const auto x = reader.feed_head(bytes);
  REQUIRE(x.what == outcome::complete);
  CHECK_EQ(bytes, std::string(x.consumed, '\0') + "next");
  CHECK_EQ(reader.head().tokens.size(), 1);
}

} // namespace http_reader_tests
