// A line must be JSON to its last byte, ignored values included. Some lines
// that are not JSON are repaired, because a container must not be able to hide
// a block with bytes that it controls.

#include "protocol/base/limits.hpp"
#include "test/protocol/json/judge.hpp"

#include <doctest/doctest.h>

#include <string>

namespace reader_line_json_tests {

namespace {

using namespace clearance::test;
namespace limits = clearance::protocol::limits;

/// A line with a value that the parser ignores.
std::string with_ignored(const std::string& value) {
  return R"({"type":"shield_up","container":"c","ignored":)" + value + "}";
}

/// A block for `domain`, the text between its quotes.
std::string blocked(const std::string& domain) {
  return R"({"type":"pending","container":"c","id":"c:1","dest":"1.2.3.4",)"
         R"("port":443,"proto":6,"domain":")"
         + domain + "\"}";
}

/// The domain of a line that must be repaired.
std::string repaired_domain(const std::string& domain) {
  CAPTURE(domain);
  auto x = judge(blocked(domain));
  CHECK(x.what == outcome::complete);
  CHECK(x.repaired);
  return x.event.domain;
}

std::string nested(std::size_t depth, const std::string& open,
                   const std::string& close) {
  std::string result;
  for (std::size_t i = 0; i < depth; ++i)
    result += open;
  result += "1";
  for (std::size_t i = 0; i < depth; ++i)
    result += close;
  return result;
}

} // namespace

TEST_CASE("ignored values of every kind are accepted") {
  for (const char* value :
       {"null", "true", "false", "0", "-1.5e+3", "1e999", R"("")", R"("a\n")",
        R"("\u0000\ud83d\ude00\/\b")", "[]", "[[], {}]", "{}", "[1 , 2]",
        "123456789012345678901234567890", R"({"a":[{"b":null}],"a":1})",
        " \t1\r", "\"\x7f\u00e9\""}) {
    CAPTURE(value);
    auto x = judge(with_ignored(value));
    CHECK(x.what == outcome::complete);
    CHECK_FALSE(x.repaired);
  }
}

TEST_CASE("ignored values that are not JSON make the line malformed") {
  for (const char* value : {"",
                            "tru",
                            "True",
                            "nul",
                            "nulll",
                            "falsey",
                            "NaN",
                            "Infinity",
                            "-Infinity",
                            "undefined",
                            "01",
                            "1.",
                            ".5",
                            "+1",
                            "0x1",
                            "1e",
                            "1 2",
                            "'a'",
                            R"("a)",
                            R"("\q")",
                            R"("\u12")",
                            R"("\u12g4")",
                            R"("\)",
                            R"("a""b")",
                            R"("a"1)",
                            R"(1"a")",
                            R"(tr"ue")",
                            "[",
                            "]",
                            "[1",
                            "1]",
                            "[1,]",
                            "[,1]",
                            "[,]",
                            "[1 2]",
                            "[1}",
                            "{]",
                            "{",
                            "}",
                            "{,}",
                            R"({"a"})",
                            R"({"a":})",
                            R"({"a":1,})",
                            R"({"a" 1})",
                            R"({1:2})",
                            R"({"a":1 "b":2})",
                            R"({"a"::1})",
                            R"({"a":1:2})",
                            R"("a":1)",
                            R"({"a":"b":1})",
                            "[1:2]",
                            R"({"a",1})",
                            R"({'a':1})",
                            "1/**/",
                            "[\"a\":1]",
                            R"({"\q":1})",
                            R"([tru])",
                            R"({"a":01})",
                            ":",
                            ",",
                            "1,",
                            "1,,\"x\":1",
                            "[[1]",
                            "{\"a\":{}",
                            "\x01",
                            "1\f",
                            "\v1"}) {
    CAPTURE(value);
    CHECK(judge(with_ignored(value)).what == outcome::malformed);
  }
}

TEST_CASE("a line that is not an object is malformed") {
  for (const char* line :
       {"hello", "[1,2]", R"("pending")", "1", "true", "null", "{", "}", "{}{",
        "\"", "[", "]", "{]", "[}", "\\", ":", "\xEF\xBB\xBF{}", "\\u007b}"}) {
    CAPTURE(line);
    CHECK(judge(line).what == outcome::malformed);
  }
}

TEST_CASE("a byte order mark before the object makes the line malformed") {
  const std::string mark = "\xEF\xBB\xBF";
  for (const auto& line :
       {mark + with_ignored("1"), " " + mark + with_ignored("1"),
        mark + blocked("a.example"), mark + blocked("a\xFF"), mark}) {
    CAPTURE(line);
    CHECK(judge(line).what == outcome::malformed);
  }
  // Inside of a string it is a character like others.
  CHECK(judge(with_ignored('"' + mark + '"')).what == outcome::complete);
}

TEST_CASE("nothing may follow the object") {
  auto line = with_ignored("1");
  for (const char* tail : {"{}", "}", "]", "x", ",", "1", "\"\"", " {}", "#",
                           "//", "\\", "\x01", "\x7f"}) {
    CAPTURE(tail);
    CHECK(judge(line + tail).what == outcome::malformed);
  }
}

TEST_CASE("a line cut anywhere is malformed") {
  auto line = with_ignored(R"({"a":[1,{"b":"\ud83d\ude00"}],"c":{}})");
  for (std::size_t size = 1; size < line.size(); ++size) {
    CAPTURE(size);
    CHECK(judge(line.substr(0, size)).what == outcome::malformed);
  }
}

TEST_CASE("a line that is nested deeper than the limit is malformed, wherever "
          "it is") {
  // The line's own object is the first level.
  auto most = limits::reader_nesting_max_depth - 1;
  for (const char* key : {"ignored", "domain", "dossier"}) {
    CAPTURE(key);
    auto line = [&](const std::string& value) {
      return R"({"type":"shield_up","container":"c",")" + std::string(key)
             + "\":" + value + "}";
    };
    CHECK(judge(line(nested(most, "[", "]"))).what == outcome::complete);
    CHECK(judge(line(nested(most, R"({"a":)", "}"))).what == outcome::complete);
    for (auto depth : {most + 1, most + 2, std::size_t{100'000}}) {
      CHECK(judge(line(nested(depth, "[", "]"))).what == outcome::malformed);
      auto x = judge(line(nested(depth, R"({"a":)", "}")));
      CHECK(x.what == outcome::malformed);
      CHECK(x.why == "nested too deep");
    }
  }
}

TEST_CASE(
    "only levels within each other count as depth, not those side by side") {
  std::string value = "[[]";
  for (int i = 0; i < 1000; ++i)
    value += ",[{}]";
  CHECK(judge(with_ignored(value + "]")).what == outcome::complete);
}

TEST_CASE("bytes that are not UTF-8 do not hide a block") {
  CHECK(repaired_domain("a\xFFz") == "a z");
  CHECK(repaired_domain("caf\xE9.com") == "caf .com");
  CHECK(repaired_domain("\xC0\xAF") == "  ");
  CHECK(repaired_domain("\xED\xA0\x80") == "   ");
  CHECK(repaired_domain("a\xE2\x82") == "a  ");
  CHECK(repaired_domain("\u00e9\xFF") == "  ");
}

TEST_CASE("raw control bytes do not hide a block") {
  using namespace std::string_literals;
  for (char c = 0; c < ' '; ++c)
    CHECK(repaired_domain("a"s + c + "z") == "a z");
}

TEST_CASE("lone surrogate escapes do not hide a block") {
  CHECK(repaired_domain(R"(a\ud800z)") == "a z");
  CHECK(repaired_domain(R"(a\udfffz)") == "a z");
  CHECK(repaired_domain(R"(\ud800\ud800\udc00)") == "  ");
  CHECK(repaired_domain(R"(\ud800\u0041)") == " A");
  CHECK(repaired_domain(R"(\ud800\\)") == R"( \)");
}

TEST_CASE("ignored values are repaired like all others") {
  for (const char* value :
       {"\"\xFF\"", "\"\x01\"", R"("\ud800")", R"([{"\udc00":1}])",
        R"({"\ud800":{}})", "\xFF 1"}) {
    CAPTURE(value);
    auto x = judge(with_ignored(value));
    CHECK(x.what == outcome::complete);
    CHECK(x.repaired);
    CHECK(x.event.container == "c");
  }
}

TEST_CASE("dossier keys are repaired but not sanitised") {
  auto x = judge("{\"type\":\"shield_up\",\"container\":\"c\",\"dossier\":{"
                 "\"\u00e9\xFF\\ud800\":\"\xFF\"}}");
  CHECK(x.event.dossier == clearance::protocol::dossier{{"\u00e9  ", " "}});
}

TEST_CASE("ill-formed bytes around a line do not hide it") {
  auto x = judge("\xFF\xFE" + with_ignored("1") + "\x80");
  CHECK(x.what == outcome::complete);
  CHECK(x.repaired);
}

TEST_CASE("a line that no repair can make JSON is malformed") {
  CHECK(judge(blocked("\xFF\\q")).what == outcome::malformed);
  CHECK(judge(blocked("\xFF\"")).what == outcome::malformed);
  CHECK(judge("\xFF").what == outcome::malformed);
  CHECK(judge(R"({"type":"pending\ud800)").what == outcome::malformed);
  CHECK(judge(blocked("\xFF") + "x").what == outcome::malformed);
}

TEST_CASE("a repaired line follows the same rules") {
  auto x = judge("{\"type\":\"pending\",\"container\":\"c\xFF\"}");
  CHECK(x.what == outcome::malformed);
  CHECK(x.repaired);
  CHECK(x.why == "no id");
  CHECK(judge("{\"type\":\"pending\xFF\"}").what == outcome::unknown);
}

TEST_CASE("a port may hold the spaces that a repair leaves") {
  auto x = judge(R"({"type":"pending","container":"c","id":"i","dest":"d",)"
                 "\"port\":\"443\x01\",\"proto\":6}");
  CHECK(x.event.port == 443);
}

TEST_CASE("a line as long as the limit follows the same rules as a short one") {
  auto line = with_ignored("\"\"");
  line.insert(line.size() - 2,
              std::string(limits::reader_line_max_bytes - line.size(), 'x'));
  REQUIRE(line.size() == limits::reader_line_max_bytes);
  CHECK(judge(line).what == outcome::complete);
  line[line.size() / 2] = '\xFF';
  CHECK(judge(line).repaired);
}

TEST_CASE("a parser still works after every kind of line") {
  clearance::protocol::reader_line_parser parser;
  clearance::protocol::event x;
  auto good = blocked("a.example");
  for (const auto& line :
       {std::string{"{"}, std::string{}, with_ignored("[1"), blocked("\xFF\\q"),
        with_ignored(std::string(5000, '[')), std::string{"{}"},
        std::string(300'000, '{'), blocked("\\ud800")}) {
    parser.parse(line, line.size(), x);
    CHECK(parser.parse(good, good.size(), x) == outcome::complete);
    CHECK(x.domain == "a.example");
    CHECK_FALSE(parser.repaired());
    CHECK(parser.why().empty());
  }
}

} // namespace reader_line_json_tests
