#include "protocol/gate/http_response.hpp"

#include <doctest/doctest.h>

namespace http_response_tests {

using namespace clearance::protocol;

TEST_CASE("a head tells where its message ends") {
  const response_head head{200, {{"A", "1"}, {"B", "2"}}};
  CHECK_EQ(to_bytes(head, {true, {}, false}, "s/1"),
           "HTTP/1.1 200 OK\r\nServer: s/1\r\nA: 1\r\nB: 2\r\n"
           "Transfer-Encoding: chunked\r\n\r\n");
  CHECK_EQ(to_bytes(head, {false, 12, false}, "s/1"),
           "HTTP/1.1 200 OK\r\nServer: s/1\r\nA: 1\r\nB: 2\r\n"
           "Content-Length: 12\r\n\r\n");
  CHECK_EQ(to_bytes({418, {}}, {false, {}, true}, "s/1"),
           "HTTP/1.1 418 \r\nServer: s/1\r\nConnection: close\r\n\r\n");
}

TEST_CASE("a text response is whole") {
  CHECK_EQ(text_response(404, "no such path", true, "s/1", {{"X", "y"}}),
           "HTTP/1.1 404 Not Found\r\nServer: s/1\r\nX: y\r\n"
           "Content-Type: text/plain\r\nContent-Length: 12\r\n"
           "Connection: close\r\n\r\nno such path");
}

TEST_CASE("a text response may be of another type") {
  CHECK_EQ(text_response(501, "{}", false, "s/1", {{"Content-Type", "a/b"}}),
           "HTTP/1.1 501 Not Implemented\r\nServer: s/1\r\n"
           "Content-Type: a/b\r\nContent-Length: 2\r\n\r\n{}");
}

TEST_CASE("chunk sizes are hexadecimal") {
  CHECK_EQ(chunk_line(0), "0\r\n");
  CHECK_EQ(chunk_line(255), "ff\r\n");
  CHECK_EQ(chunk_line(65536), "10000\r\n");
  CHECK_EQ(chunk_line(SIZE_MAX), "ffffffffffffffff\r\n");
}

TEST_CASE("all statuses that we give have a name") {
  for (int status : {100, 200, 400, 401, 403, 404, 405, 408, 413, 417, 429, 431,
                     500, 501, 502, 503, 504})
    CHECK_FALSE(reason_of(status).empty());
  CHECK(reason_of(299).empty());
}

} // namespace http_response_tests
