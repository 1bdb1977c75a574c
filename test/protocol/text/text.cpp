#include "protocol/text/text.hpp"

#include "protocol/base/limits.hpp"
#include "test/support/wire/json.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace text_tests {

namespace {

using namespace clearance;
using namespace std::string_literals;

std::string sanitised(std::string text) {
  std::string assigned = "something else that was there before";
  protocol::assign_sanitised(assigned, text);
  protocol::sanitise(text);
  CHECK(assigned == text);
  return text;
}

std::string json_of(std::string_view text) {
  std::string out = "before";
  protocol::append_json(out, text);
  REQUIRE(out.starts_with("before"));
  return out.substr(6);
}

} // namespace

TEST_CASE("printable ASCII is not changed") {
  std::string all;
  for (char c = ' '; c <= '~'; ++c)
    all += c;
  CHECK(sanitised(all) == all);
  CHECK(sanitised("").empty());
}

TEST_CASE("every other ASCII byte becomes one space, at every place") {
  // At each of the eight bytes that are tested together, and behind them.
  for (std::size_t size : {1U, 7U, 8U, 9U, 16U, 17U})
    for (std::size_t at = 0; at < size; ++at)
      for (int c = 0; c < 0x80; ++c) {
        if (c >= 0x20 && c < 0x7F)
          continue;
        std::string text(size, '~');
        auto expected = text;
        text[at] = static_cast<char>(c);
        expected[at] = ' ';
        CHECK(sanitised(text) == expected);
      }
}

TEST_CASE("a code point beyond ASCII becomes one space") {
  CHECK(sanitised("caf\u00e9.com") == "caf .com");
  CHECK(sanitised("a\u202eb") == "a b");
  CHECK(sanitised("a\U0001F600b") == "a b");
  CHECK(sanitised("\u00e9\u20ac\U0001F600") == "   ");
}

TEST_CASE("ill-formed bytes become one space each") {
  CHECK(sanitised("a\xFF\xE2\x82z") == "a   z");
  CHECK(sanitised("\xED\xA0\x80") == "   ");
  CHECK(sanitised("\xE2\x82") == "  ");
}

TEST_CASE(
    "256 characters stay; of 257 the first 253 stay and an ellipsis follows") {
  auto text = std::string(256, 'a');
  CHECK(sanitised(text) == text);
  CHECK(sanitised(text + "a") == std::string(253, 'a') + "...");
  CHECK(sanitised(std::string(253, 'a') + "bcd")
        == std::string(253, 'a') + "bcd");
  CHECK(sanitised(std::string(100'000, 'b')) == std::string(253, 'b') + "...");
}

TEST_CASE("characters are counted, not bytes") {
  std::string text;
  for (int i = 0; i < 256; ++i)
    text += "\U0001F600";
  CHECK(sanitised(text) == std::string(256, ' '));
  CHECK(sanitised(text + "x") == std::string(253, ' ') + "...");
  text.resize(text.size() - 4);
  CHECK(sanitised(text + "x") == std::string(255, ' ') + "x");
}

TEST_CASE("text for a log is printable ASCII on one line") {
  using protocol::escaped;
  CHECK(escaped("plain ~ text") == "plain ~ text");
  CHECK(escaped("a\nb\x1b[31m\x7f\xff"s + '\0')
        == R"(a\x0ab\x1b[31m\x7f\xff\x00)");
  CHECK(escaped(R"(\x0a)") == R"(\\x0a)");
  CHECK(escaped("").empty());
}

TEST_CASE(
    "a log line shows so many bytes of the input, and that there are more") {
  using protocol::escaped;
  CHECK(escaped("abcd", 4) == "abcd");
  CHECK(escaped("abcde", 4) == "abcd...");
  CHECK(escaped("\n\n\n", 2) == R"(\x0a\x0a...)");
  CHECK(escaped("a", 0) == "...");
}

TEST_CASE("a JSON string escapes quotes, backslashes and control characters") {
  CHECK(json_of("") == R"("")");
  CHECK(json_of(R"(a"b\c/d)") == R"("a\"b\\c/d")");
  CHECK(json_of("\b\f\n\r\t") == R"("\b\f\n\r\t")");
  CHECK(json_of("\x01\x1f"s + '\0') == R"("\u0001\u001f\u0000")");
  CHECK(json_of("\x7f~ ") == "\"\x7f~ \"");
}

TEST_CASE("a JSON string keeps well-formed UTF-8 and replaces other bytes") {
  CHECK(json_of("\u00e9\u20ac\U0001F600") == "\"\u00e9\u20ac\U0001F600\"");
  CHECK(json_of("a\xFFz") == "\"a\uFFFDz\"");
  CHECK(json_of("\xE2\x82") == "\"\uFFFD\uFFFD\"");
}

TEST_CASE("a JSON string reads back as the same text") {
  for (int c = 0; c < 0x80; ++c) {
    auto text = "x" + std::string(1, static_cast<char>(c)) + "y";
    CHECK(test::json::parse(json_of(text)).text() == text);
  }
}

TEST_CASE("white space around the shield's output is removed") {
  using protocol::trimmed_utf8;
  CHECK(trimmed_utf8(" \t\r\n no such set\v\f\n") == "no such set");
  CHECK(trimmed_utf8("a  b\n c") == "a  b\n c");
  CHECK(trimmed_utf8("\u00a0\u2003x\u3000\u0085") == "x");
  CHECK(trimmed_utf8(" \n ").empty());
  CHECK(trimmed_utf8("").empty());
}

TEST_CASE(
    "the shield's output stays UTF-8; an ill-formed sequence is replaced") {
  using protocol::trimmed_utf8;
  CHECK(trimmed_utf8("caf\u00e9") == "caf\u00e9");
  CHECK(trimmed_utf8("a\xFF\xFEz") == "a\uFFFD\uFFFDz");
  // Cut off in the middle of a character: one sequence becomes one U+FFFD.
  CHECK(trimmed_utf8("a\xE2\x82") == "a\uFFFD");
  CHECK(trimmed_utf8("\xF0\x9F\x98 b") == "\uFFFD b");
}

TEST_CASE("ASCII white space is removed at both ends only") {
  CHECK(protocol::trimmed(" \t\n\v\f\ra b\r\f\v\n\t ") == "a b");
  CHECK(protocol::trimmed("a") == "a");
  CHECK(protocol::trimmed(" \t").empty());
  CHECK(protocol::trimmed("").empty());
  CHECK(protocol::trimmed("\u00a0a") == "\u00a0a");
}

} // namespace text_tests
