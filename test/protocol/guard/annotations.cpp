#include "protocol/guard/annotations.hpp"

#include "protocol/guard/limits.hpp"

#include <doctest/doctest.h>

namespace guard_annotations_tests {

using namespace clearance::protocol;

namespace {

using pairs = std::vector<std::pair<std::string, std::string>>;

pairs read(std::string_view text) {
  const auto x = parse_annotations(text);
  CAPTURE(text);
  REQUIRE(x);
  return *x;
}

} // namespace

TEST_CASE("texts, numbers and truth values are what is known") {
  CHECK(read("{}").empty());
  CHECK(
      read(R"( { "project" : "web" , "task": 7, "ok":true,"x":-1.5e+3 } )")
      == pairs{
          {"project", "web"}, {"task", "7"}, {"ok", "true"}, {"x", "-1.5e+3"}});
}

TEST_CASE("null, empty texts, arrays and objects are left out") {
  CHECK(read(R"({"a":null,"b":"","c":[1,{"d":[]}],"e":{},"f":"1"})")
        == pairs{{"f", "1"}});
}

TEST_CASE("of a repeated name the last value counts, at the first place") {
  CHECK(read(R"({"a":"1","b":"2","a":"3"})") == pairs{{"a", "3"}, {"b", "2"}});
}

TEST_CASE("escapes are read, and half of a pair is replaced") {
  CHECK(
      read(R"({"a":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00"})")
      == pairs{{"a", "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"}});
  CHECK(read(R"({"a":"\ud800x","b":"\udc00","c":"\ud800\u0041"})")
        == pairs{{"a", "\xef\xbf\xbdx"},
                 {"b", "\xef\xbf\xbd"},
                 {"c", "\xef\xbf\xbd"
                       "A"}});
}

TEST_CASE("what is no JSON object is refused, cut at every byte, too") {
  for (const auto* text :
       {"", "[]", "1", "\"a\"", "{} x", "{\"a\"}", "{\"a\":}", "{\"a\":01}",
        "{\"a\":1.}", "{\"a\":+1}", "{\"a\":nul}", "{a:1}", "{\"a\":1,}",
        "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12g4\"}",
        "{\"a\":[1,]}", "{\"a\":[1}"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_annotations(text));
  }
  const std::string whole =
      R"({"a":"\ud83d\ude00","b":[1,{"c":null}],"d":-0.5e1})";
  REQUIRE(parse_annotations(whole));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    CAPTURE(i);
    CHECK_FALSE(parse_annotations(whole.substr(0, i)));
  }
}

TEST_CASE("nesting and size are bounded") {
  const auto nested = [](std::size_t depth) {
    return R"({"a":)" + std::string(depth, '[') + std::string(depth, ']') + '}';
  };
  CHECK(parse_annotations(nested(guard_limits::annotation_max_depth)));
  CHECK_FALSE(
      parse_annotations(nested(guard_limits::annotation_max_depth + 1)));
  std::string most = "{}";
  most.append(guard_limits::annotations_max_bytes - most.size(), ' ');
  CHECK(parse_annotations(most));
  CHECK_FALSE(parse_annotations(most + ' '));
}

} // namespace guard_annotations_tests
