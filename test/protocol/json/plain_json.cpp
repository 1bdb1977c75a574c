// Which documents the fast reader reads, and which it gives up. That its
// results never differ from the strict reader's is also tested by every line in
// judge.cpp, with and without padding, and by the fuzzer of reader lines.

#include "protocol/json/plain_json.hpp"

#include "protocol/base/framing.hpp"
#include "test/protocol/json/read_members.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>

namespace plain_json_tests {

namespace {

using namespace clearance::protocol;
using kind = json_item::kind;
using clearance::test::members;

template <class Reader>
std::optional<members> read(Reader reader, std::string_view document,
                            std::size_t capacity) {
  members out;
  const auto whole =
      clearance::test::read_members(reader, document, capacity, out);
  return whole ? std::optional{out} : std::nullopt;
}

/// Parses the document with the bytes `behind` after it, as in a batch.
std::optional<members> plain(const std::string& document,
                             const std::string& behind = "\"}") {
  frame_batch batch;
  batch.append(document);
  batch.append(behind);
  return read(plain_json_reader{}, batch.at(0), batch.capacity_at(0));
}

std::optional<members> strict(const std::string& document) {
  return read(json_reader{8}, document, document.size());
}

} // namespace

TEST_CASE("plain objects are read as the strict reader reads them") {
  for (const char* document :
       {"{}", "{ }", R"({"a":"b"})", R"({ "a" : "b" , "c" : 1 })",
        R"({"":"","12345678":"12345678","123456789":"1234567"})",
        R"({"t":true,"f":false,"n":null,"a":-0.5e+7,"b":0})",
        R"({"in":{},"in":{"a":"b", "c":2}})", R"({"in":"no object"})",
        R"({"a":1,"a":2})", R"({"a":" !#[]^~{},: "})"}) {
    CAPTURE(document);
    const auto expected = strict(document);
    REQUIRE(expected);
    CHECK(plain(document) == expected);
  }
}

TEST_CASE("members come in order with their kinds and texts") {
  CHECK(plain(R"({"n":null, "in": {"i":-1.50}, "s":"text", "t":true})")
        == members{{"n", kind::null, "null"},
                   {"i", kind::number, "-1.50"},
                   {"s", kind::string, "text"},
                   {"t", kind::boolean, "true"}});
}

TEST_CASE("JSON of any other form is given up") {
  for (const char* document :
       {R"({"a":"\n"})", R"({"\u0061":1})", "{\"a\":\"\xC3\xA9\"}",
        "{\"a\":\"\x7F\"}", "{\"\x7F\":1}", "{\t\"a\":1}", "{\"a\":1\r}",
        "\n{}", R"({"a":[]})", R"({"a":{}})", R"({"in":{"a":{}}})"}) {
    CAPTURE(document);
    CHECK(strict(document));
    CHECK_FALSE(plain(document));
  }
}

TEST_CASE("documents that are not JSON are given up") {
  for (const char* document : {"",
                               " ",
                               "{",
                               "}",
                               "[]",
                               "1",
                               "\"a\"",
                               "{}{}",
                               "{} x",
                               "{,}",
                               R"({"a"})",
                               R"({"a":})",
                               R"({"a":1,})",
                               R"({"a":1 "b":2})",
                               R"({"a":1;"b":2})",
                               R"({"a" 1})",
                               R"({a:1})",
                               R"({"a":"b})",
                               R"({"a":"b)",
                               R"({"a":1)",
                               R"({"a":tru})",
                               R"({"a":nulls})",
                               R"({"a":01})",
                               R"({"a":1.})",
                               R"({"a":-})",
                               R"({"a":+1})",
                               R"({"a":1 2})",
                               R"({"a":"b"c})",
                               R"({"a":"b""c"})",
                               R"({"a":1}})",
                               R"({"in":{"a":1})",
                               R"({"in":{"a":1,}})",
                               R"({"in":{})",
                               "{\"a\":\"\x01\"}",
                               "{\"a\":\"\x80\"}"}) {
    CAPTURE(document);
    CHECK_FALSE(strict(document));
    CHECK_FALSE(plain(document));
  }
}

TEST_CASE("bytes behind a document are not taken for its end") {
  const std::string document = R"({"in":{"a":"b"}})";
  for (std::size_t size = 0; size < document.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(plain(document.substr(0, size), document.substr(size)));
  }
}

// The reader looks at 64 bytes at a time.
TEST_CASE("a document of any length is read, wherever its strings end") {
  for (std::size_t before = 0; before < 140; ++before) {
    const auto document = R"({"a":")" + std::string(before, 'x')
                          + R"(","":"","in":{"b":-1}, "c":"y"})";
    CAPTURE(document);
    const auto expected = strict(document);
    REQUIRE(expected);
    CHECK(plain(document) == expected);
    CHECK(plain(document, "\\\x01") == expected);
    for (std::size_t i = 0; i < before; ++i) {
      auto escaped = document;
      escaped[6 + i] = '\x01';
      CHECK_FALSE(plain(escaped));
    }
  }
}

TEST_CASE("a document without padding is given up") {
  const std::string_view document = R"({"a":1})";
  const auto padded = std::string{document} + std::string(64, '"');
  const auto at = std::string_view{padded}.substr(0, document.size());
  CHECK(read(plain_json_reader{}, at, at.size() + 64));
  CHECK_FALSE(read(plain_json_reader{}, at, at.size() + 63));
  CHECK_FALSE(read(plain_json_reader{}, at, at.size()));
}

} // namespace plain_json_tests
