#include "protocol/text/text.hpp"

#include <doctest/doctest.h>

#include <string>

namespace repair_tests {

namespace {

using namespace std::string_literals;
using clearance::protocol::repair_json;

struct repaired {
  std::string line;
  std::size_t count;

  friend bool operator==(const repaired&, const repaired&) = default;
};

repaired repair(std::string line) {
  auto count = repair_json(line);
  // A repaired line needs no second repair.
  auto again = line;
  CHECK(repair_json(again) == 0);
  CHECK(again == line);
  return {line, count};
}

void check_kept(const std::string& line) {
  CAPTURE(line);
  CHECK(repair(line) == repaired{line, 0});
}

} // namespace

TEST_CASE("a valid line is not changed") {
  check_kept("");
  check_kept(R"({"a":"b\n\"\\\u0000\uABcd","c":[1, 2]})");
  check_kept("{\"caf\u00e9\":\"\u20ac\U0001F600\"}\t\r");
}

TEST_CASE("each byte outside a well-formed sequence becomes a space") {
  CHECK(repair("{\"a\":\"x\xFFy\"}") == repaired{R"({"a":"x y"})", 1});
  CHECK(repair("\"\xE2\x82\"") == repaired{"\"  \"", 2});
  CHECK(repair("\"\xED\xA0\x80\"") == repaired{"\"   \"", 3});
  CHECK(repair("\"\xF4\x90\x80\x80\"") == repaired{"\"    \"", 4});
  CHECK(repair("\"\xC3\xA9\xC3\"") == repaired{"\"\xC3\xA9 \"", 1});
}

TEST_CASE("ill-formed bytes become spaces outside of strings too") {
  CHECK(repair("\xFF{\"a\":\x80 1}\xC3") == repaired{R"( {"a":  1} )", 3});
}

TEST_CASE("a raw control byte in a string becomes a space") {
  for (int c = 0; c < 0x20; ++c) {
    CAPTURE(c);
    auto line = "\"a" + std::string(1, static_cast<char>(c)) + "b\"";
    CHECK(repair(line) == repaired{R"("a b")", 1});
  }
  check_kept("\"a\x7f\"");
}

TEST_CASE("a raw control byte between tokens is not repaired") {
  check_kept("{\t\"a\"\r:\n1}");
  check_kept("{\x01\"a\":1}");
  check_kept("{\"a\":1\f}"s + '\0');
}

TEST_CASE("a lone surrogate escape becomes a space") {
  CHECK(repair(R"("a\ud800b")") == repaired{R"("a b")", 1});
  CHECK(repair(R"("a\uDFFFb")") == repaired{R"("a b")", 1});
  CHECK(repair(R"("\udc00\ud800")") == repaired{R"("  ")", 2});
  CHECK(repair(R"("\ud800\u0041")") == repaired{R"(" \u0041")", 1});
  CHECK(repair(R"("\ud800\n")") == repaired{R"(" \n")", 1});
  CHECK(repair(R"("\udbff")") == repaired{R"(" ")", 1});
  CHECK(repair("\"\\ud800\xFF\\udc00\"") == repaired{R"("   ")", 3});
}

TEST_CASE("a pair of surrogate escapes stays") {
  check_kept(R"("\ud83d\ude00")");
  check_kept(R"("\uD800\uDC00\uDBFF\uDFFF")");
  CHECK(repair(R"("\ud800\ud800\udc00")") == repaired{R"(" \ud800\udc00")", 1});
  CHECK(repair(R"("\ud83d\ude00\ude00")") == repaired{R"("\ud83d\ude00 ")", 1});
}

TEST_CASE("the neighbours of a surrogate stay") {
  check_kept(R"("\ud7ff\ue000")");
}

TEST_CASE("an escaped backslash does not escape the next character") {
  check_kept(R"("\\ud800")");
  CHECK(repair(R"("\\\ud800")") == repaired{R"("\\ ")", 1});
}

TEST_CASE("an escaped quote does not end the string") {
  CHECK(repair("\"\\\"\x01\"") == repaired{R"("\" ")", 1});
  check_kept("\"\\\\\"\x01");
}

TEST_CASE("bytes that are no valid escape are not changed") {
  check_kept(R"("\u12")");
  check_kept(R"("\ud8)");
  check_kept(R"("\ud80g")");
  check_kept(R"("\u+d80")");
  check_kept(R"("\q\)");
  CHECK(repair("\"\\\x01\"") == repaired{R"("\ ")", 1});
  CHECK(repair("\"\\\xFF\"") == repaired{R"("\ ")", 1});
  CHECK(repair("\"\\u12\xFF\"") == repaired{R"("\u12 ")", 1});
  // The pieces of a broken escape must not become a whole one.
  CHECK(repair(R"("\ud8\ud80000")") == repaired{R"("\ud8 00")", 1});
}

TEST_CASE("escapes outside of strings are not changed") {
  check_kept(R"({\ud800})");
}

} // namespace repair_tests
