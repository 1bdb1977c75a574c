#include "protocol/gate/http_request.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace http_request_tests {

using namespace clearance::protocol;

namespace {

using fields = std::vector<std::pair<std::string, std::string>>;
using outcome = std::variant<request_head, http_refusal>;

// With a Host, which a test of anything else need not name.
outcome build(fields xs, int version = 11) {
  request_head_builder builder;
  builder.start("POST", "/x", version);
  if (xs.empty() || xs[0].first != "Host")
    xs.insert(xs.begin(), {"Host", "h"});
  for (const auto& [name, value] : xs)
    if (auto refusal = builder.add(name, value))
      return *refusal;
  if (auto refusal = builder.finish())
    return *refusal;
  return builder.take();
}

request_head head(const fields& xs, int version = 11) {
  auto result = build(xs, version);
  REQUIRE(std::holds_alternative<request_head>(result));
  return std::get<request_head>(std::move(result));
}

int status(const fields& xs, int version = 11) {
  auto result = build(xs, version);
  auto* refusal = std::get_if<http_refusal>(&result);
  return refusal ? refusal->status : 0;
}

} // namespace

TEST_CASE("a head keeps what the gate needs") {
  const auto x = head({{"Host", "h"},
                       {"Content-Type", "a/b"},
                       {"CONTENT-ENCODING", "gzip"},
                       {"git-protocol", "version=2"},
                       {"Content-Length", "12"},
                       {"Authorization", "Basic dG9rZW46"}});
  CHECK_EQ(x.method, "POST");
  CHECK_EQ(x.target, "/x");
  CHECK(x.http_1_1);
  CHECK(x.keep_alive);
  CHECK_EQ(x.content_type, "a/b");
  CHECK_EQ(x.content_encoding, "gzip");
  CHECK_EQ(x.git_protocol, "version=2");
  CHECK(x.content_length == 12);
  CHECK(x.has_body());
  CHECK(x.tokens == std::vector{sha256("token")});
  CHECK(x.has_authorization);
}

TEST_CASE("without fields there is no body and no token") {
  const auto x = head({});
  CHECK_FALSE(x.has_body());
  CHECK_FALSE(x.chunked);
  CHECK_FALSE(x.content_length);
  CHECK(x.tokens.empty());
  CHECK_FALSE(x.has_authorization);
  CHECK_FALSE(x.expects_continue);
}

TEST_CASE("credentials that cannot be read are none, two are refused") {
  const auto unreadable = head({{"Authorization", "Digest x"}});
  CHECK(unreadable.tokens.empty());
  CHECK(unreadable.has_authorization);
  CHECK_EQ(status({{"Authorization", "Basic dG9rZW46"},
                   {"authorization", "Basic dG9rZW46"}}),
           400);
  // An unreadable first one must not make room for a second.
  CHECK_EQ(status({{"Authorization", "x"}, {"authorization", "Basic YTo="}}),
           400);
}

TEST_CASE("a body has one length") {
  CHECK(head({{"content-length", "0"}}).content_length == 0);
  CHECK_FALSE(head({{"content-length", "0"}}).has_body());
  CHECK(head({{"content-length", "18446744073709551615"}}).content_length
        == UINT64_MAX);
  CHECK(head({{"content-length", "007"}}).content_length == 7);
  CHECK(head({{"Transfer-Encoding", "Chunked"}}).chunked);
}

TEST_CASE("malformed and conflicting framing is refused") {
  for (auto value : {"", " ", "-1", "+1", "0x10", "1 2", "1,1", "1, 2", "1;a",
                     "18446744073709551616", "99999999999999999999999", "one",
                     "1.0", "1e3", " 1"}) {
    CAPTURE(value);
    CHECK_EQ(status({{"Content-Length", value}}), 400);
  }
  CHECK_EQ(status({{"Content-Length", "5"}, {"Content-Length", "5"}}), 400);
  CHECK_EQ(status({{"Content-Length", "5"}, {"content-length", "6"}}), 400);
  CHECK_EQ(status({{"Content-Length", "0"}, {"Transfer-Encoding", "chunked"}}),
           400);
  CHECK_EQ(status({{"Transfer-Encoding", "chunked"}, {"Content-Length", "5"}}),
           400);
  for (auto value : {"", "gzip", "identity", "gzip, chunked", "chunked, gzip",
                     "chunked,chunked", "xchunked", "chunked;q=1",
                     "\"chunked\"", "chunked "}) {
    CAPTURE(value);
    CHECK_EQ(status({{"Transfer-Encoding", value}}), 400);
  }
  CHECK_EQ(status({{"Transfer-Encoding", "chunked"},
                   {"Transfer-Encoding", "chunked"}}),
           400);
  CHECK_EQ(status({{"Transfer-Encoding", "gzip"}, {"Content-Length", "5"}}),
           400);
  CHECK_EQ(status({{"Transfer-Encoding", "chunked"}}, 10), 400);
}

TEST_CASE("a request names one host that could be one") {
  request_head_builder none;
  none.start("GET", "/", 11);
  CHECK(none.finish() == http_refusal{400, "no Host"});
  request_head_builder old;
  old.start("GET", "/", 10);
  CHECK_FALSE(old.finish());
  CHECK_EQ(status({{"Host", "a"}, {"host", "a"}}), 400);
  CHECK_EQ(status({{"Host", ""}, {"HOST", ""}}, 10), 400);
  for (auto value : {"", "a", "A.b-c_9", "127.0.0.1:80", "[::1]:80", " a "})
    CHECK_EQ(status({{"Host", value}}), 0);
  for (auto value : {"a b", "a,b", "a\tb", "a/b", "a?b", "a#b", "u@b", "a\\b"})
    CHECK_EQ(status({{"Host", value}}), 400);
}

TEST_CASE("a connection is kept as its version and its client want it") {
  CHECK(head({}).keep_alive);
  CHECK_FALSE(head({}, 10).keep_alive);
  CHECK_FALSE(head({{"Connection", "keep-alive"}}, 10).keep_alive);
  for (auto value : {"close", "Close", "keep-alive, close", "close,x", " close",
                     "x ,\tclose ", ",,close,"}) {
    CAPTURE(value);
    CHECK_FALSE(head({{"Connection", value}}).keep_alive);
  }
  for (auto value : {"", "keep-alive", "closed", "xclose", "clo,se", ",", " "})
    CHECK(head({{"Connection", value}}).keep_alive);
}

TEST_CASE("100-continue is the one expectation that is met") {
  CHECK(head({{"Expect", "100-Continue"}}).expects_continue);
  CHECK_FALSE(head({{"Expect", "100-continue"}}, 10).expects_continue);
  CHECK_EQ(status({{"Expect", "200-ok"}}), 417);
  CHECK_EQ(status({{"Expect", ""}}), 417);
}

} // namespace http_request_tests
