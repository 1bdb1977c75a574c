// How documents are walked and which values are returned. Which documents are
// JSON is tested with whole lines in reader_line_json.cpp.

#include "protocol/json/strict_json.hpp"

#include "test/protocol/json/read_members.hpp"

#include <doctest/doctest.h>

#include <string>

namespace strict_json_tests {

namespace {

using clearance::protocol::json_item;
using clearance::protocol::json_reader;
using kind = json_item::kind;
using clearance::test::members;

bool read(json_reader& reader, const std::string& document, members& out) {
  return clearance::test::read_members(reader, document, document.size(), out);
}

json_reader::error refusal(json_reader& reader, const std::string& document) {
  members ignored;
  CHECK_FALSE(read(reader, document, ignored));
  return reader.why();
}

} // namespace

TEST_CASE("members come in order with their kinds and texts") {
  json_reader reader{8};
  members found;
  CHECK(read(reader,
             R"( {"n" : null,"t":true ,"f":false,"i":-1.50,"s":"a\nb",)"
             R"("a":[ 1 ] ,"o":{ "x" : {} }	,"n":1} )",
             found));
  CHECK(found
        == members{{"n", kind::null, "null"},
                   {"t", kind::boolean, "true"},
                   {"f", kind::boolean, "false"},
                   {"i", kind::number, "-1.50"},
                   {"s", kind::string, "a\nb"},
                   {"a", kind::array, "[ 1 ]"},
                   {"o", kind::object, R"({ "x" : {} })"},
                   {"n", kind::number, "1"}});
  CHECK(reader.why() == json_reader::error::none);
}

TEST_CASE("keys and strings are unescaped") {
  json_reader reader{8};
  members plain;
  members escaped;
  CHECK(read(reader, R"({"key":"text","in":{"a":"b"}})", plain));
  CHECK(
      read(reader, R"({"k\u0065y":"te\u0078t","in":{"\u0061":"b"}})", escaped));
  CHECK(plain
        == members{{"key", kind::string, "text"}, {"a", kind::string, "b"}});
  CHECK(escaped == plain);
}

TEST_CASE("an object may be read member by member") {
  json_reader reader{8};
  members found;
  CHECK(read(reader, R"({"in":{},"in":{"a":1,"b":[2]},"in":3,"z":4})", found));
  CHECK(found
        == members{{"a", kind::number, "1"},
                   {"b", kind::array, "[2]"},
                   {"in", kind::number, "3"},
                   {"z", kind::number, "4"}});
}

TEST_CASE("a refusal has a reason") {
  using error = json_reader::error;
  json_reader reader{2};
  CHECK(refusal(reader, "") == error::not_object);
  CHECK(refusal(reader, " [1]") == error::not_object);
  CHECK(refusal(reader, R"({"a":tru})") == error::not_json);
  CHECK(refusal(reader, R"({"in":{"a":tru}})") == error::not_json);
  CHECK(refusal(reader, R"({"in":{"a":1})") == error::not_json);
  CHECK(refusal(reader, R"({"a":1} x)") == error::not_json);
  CHECK(refusal(reader, "{\"a\":\"\xFF\"}") == error::not_json);
  CHECK(refusal(reader, R"({"a":[[]]})") == error::too_deep);
  CHECK(refusal(reader, R"({"in":{"a":{}}})") == error::too_deep);
}

TEST_CASE("the document's own object is the first level") {
  json_reader one{1};
  members found;
  CHECK(read(one, R"({"a":1})", found));
  CHECK(refusal(one, R"({"a":[]})") == json_reader::error::too_deep);
  json_reader two{2};
  CHECK(read(two, R"({"a":[],"b":{},"in":{"c":1}})", found));
}

TEST_CASE("every reason has a text") {
  using error = json_reader::error;
  for (auto x :
       {error::not_json, error::not_object, error::too_deep, error::memory})
    CHECK_FALSE(to_string(x).empty());
  CHECK(to_string(error::none).empty());
}

} // namespace strict_json_tests
