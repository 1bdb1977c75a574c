#include "protocol/base/framing.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/varlink/message.hpp"

#include <doctest/doctest.h>

#include <string>
#include <tuple>

namespace varlink_message_tests {

using namespace clearance::protocol;
using namespace clearance::protocol::varlink;
using namespace std::string_literals;

namespace {

using kind = parameter::kind;

call good_call(std::string_view text) {
  auto x = parse_call(text);
  INFO(text);
  if (auto* bad = std::get_if<malformed>(&x))
    FAIL(bad->why);
  return std::get<call>(x);
}

/// Why the text is not a call; empty if it is one.
std::string call_fault(std::string_view text) {
  auto x = parse_call(text);
  auto* bad = std::get_if<malformed>(&x);
  return bad == nullptr ? "" : std::string{bad->why};
}

reply good_reply(std::string_view text) {
  auto x = parse_reply(text);
  INFO(text);
  if (auto* bad = std::get_if<malformed>(&x))
    FAIL(bad->why);
  return std::get<reply>(x);
}

std::string reply_fault(std::string_view text) {
  auto x = parse_reply(text);
  auto* bad = std::get_if<malformed>(&x);
  return bad == nullptr ? "" : std::string{bad->why};
}

/// A call that is nested `depth` deep, the message's own object included.
std::string nested(std::size_t depth) {
  return R"({"method":"a.b","x":)" + std::string(depth - 1, '[')
         + std::string(depth - 1, ']') + "}";
}

} // namespace

TEST_CASE("a call needs only a qualified method") {
  auto x = good_call(R"({"method":"org.varlink.service.GetInfo"})");
  CHECK(x.method == "org.varlink.service.GetInfo");
  CHECK(x.parameters.empty());
  CHECK_FALSE(x.more);
  CHECK_FALSE(x.oneway);
  CHECK_FALSE(x.upgrade);
}

TEST_CASE("each flag is read independently of the others") {
  CHECK(good_call(R"({"more":true,"method":"a.b"})").more);
  CHECK(good_call(R"({"oneway":true,"method":"a.b"})").oneway);
  CHECK(good_call(R"({"method":"a.b","upgrade":true})").upgrade);
  auto x = good_call(
      R"({"more":false,"oneway":false,"upgrade":false,"method":"a.b"})");
  CHECK_FALSE((x.more || x.oneway || x.upgrade));
}

TEST_CASE("a flag must be a boolean, and not null") {
  for (auto flag : {"more", "oneway", "upgrade"})
    for (auto value : {"null", "0", "1", "\"true\"", "[]", "{}"})
      CHECK(call_fault(R"({"method":"a.b",")"s + flag + "\":" + value + "}")
            == flag + " is no boolean"s);
}

TEST_CASE("parameters keep their order, their names and their kinds") {
  auto x = good_call(
      R"({"method":"a.b","parameters":{"s":"t\u00e4xt","t":true,"f":false,)"
      R"("i":-7,"n":null,"d":1.5,"a":[1],"o":{"s":"x"},"":""}})");
  using row = std::tuple<std::string, kind, std::string>;
  std::vector<row> rows;
  for (const auto& p : x.parameters)
    rows.emplace_back(p.name, p.type, p.text);
  CHECK(rows
        == std::vector<row>{{"s", kind::string, "t\xc3\xa4xt"},
                            {"t", kind::boolean, "true"},
                            {"f", kind::boolean, "false"},
                            {"i", kind::integer, "-7"},
                            {"n", kind::null, ""},
                            {"d", kind::other, "1.5"},
                            {"a", kind::other, "[1]"},
                            {"o", kind::other, R"({"s":"x"})"},
                            {"", kind::string, ""}});
}

// Such a number is a mistake in one parameter. The client must not lose its
// connection because of it.
TEST_CASE(
    "a number too large for every machine type is an ordinary parameter") {
  auto x = good_call(R"({"method":"a.b","parameters":{)"
                     R"("a":9223372036854775807,"b":9223372036854775808,)"
                     R"("c":-9223372036854775808,"d":123456789012345678901,)"
                     R"("e":1e999},"f":-1e999})");
  REQUIRE(x.parameters.size() == 5);
  CHECK(x.parameters[0].type == kind::integer);
  CHECK(x.parameters[0].text == "9223372036854775807");
  CHECK(x.parameters[1].type == kind::other);
  CHECK(x.parameters[2].type == kind::integer);
  CHECK(x.parameters[3].type == kind::other);
  CHECK(x.parameters[4].type == kind::other);
}

TEST_CASE("parameters may be null, but of no other type than an object") {
  CHECK(good_call(R"({"method":"a.b","parameters":null})").parameters.empty());
  CHECK(good_call(R"({"method":"a.b","parameters":{}})").parameters.empty());
  for (auto value : {"[]", "\"\"", "0", "true"})
    CHECK(call_fault(R"({"method":"a.b","parameters":)"s + value + "}")
          == "parameters are no object");
}

TEST_CASE("other keys of a call are ignored, whatever their values") {
  auto x = good_call(R"({"id":[1,{"more":true}],"":null,"MORE":1,)"
                     R"("method":"a.b","continues":"x","error":{}})");
  CHECK(x.method == "a.b");
  CHECK_FALSE(x.more);
}

TEST_CASE("if a key is repeated, the last one counts and is checked") {
  auto x = good_call(R"({"method":1,"parameters":[],"more":1,"method":"a.a",)"
                     R"("method":"a.b","parameters":{"x":1,"y":"1","x":"2"},)"
                     R"("more":true})");
  CHECK(x.method == "a.b");
  CHECK(x.more);
  REQUIRE(x.parameters.size() == 2);
  CHECK(x.parameters[0].name == "x");
  CHECK(x.parameters[0].text == "2");
  CHECK(x.parameters[1].name == "y");
  CHECK(good_call(R"({"method":"a.b","parameters":{"x":"1"},"parameters":{}})")
            .parameters.empty());
  CHECK(call_fault(R"({"method":"a.b","more":true,"more":null})")
        == "more is no boolean");
  CHECK(call_fault(R"({"method":"a.b","parameters":{},"parameters":1})")
        == "parameters are no object");
}

// If each parameter were compared with all others this would take a minute.
TEST_CASE("a hundred thousand parameters cost no more than sorting them") {
  auto text = R"({"method":"a.b","parameters":{)"s;
  for (int i = 0; i < 100000; ++i)
    text += '"' + std::to_string(i % 50000) + "\":" + std::to_string(i) + ',';
  text.back() = '}';
  text += '}';
  auto x = good_call(text);
  REQUIRE(x.parameters.size() == 50000);
  CHECK(x.parameters[0].name == "0");
  CHECK(x.parameters[0].text == "50000");
  CHECK(x.parameters[49999].text == "99999");
}

TEST_CASE("a method must be there, be a string, and be qualified") {
  CHECK(call_fault("{}") == "no method");
  CHECK(call_fault(R"({"Method":"a.b"})") == "no method");
  for (auto value : {"1", "null", "[\"a.b\"]", "{}", "true"})
    CHECK(call_fault("{\"method\":"s + value + "}") == "method is no string");
  for (auto name : {"", "a", "GetInfo", ".", ".a", "a.", "a.b."})
    CHECK(call_fault("{\"method\":\""s + name + "\"}")
          == "method is not qualified");
  CHECK(good_call(R"({"method":"..a"})").method == "..a");
}

TEST_CASE("anything but one JSON object is not a call") {
  CHECK(call_fault("") == "not a JSON object");
  CHECK(call_fault("   ") == "not a JSON object");
  for (auto text : {"1", "\"a.b\"", "null", "[{\"method\":\"a.b\"}]"})
    CHECK(call_fault(text) == "not a JSON object");
  for (auto text :
       {R"({"method":"a.b")", R"({"method":"a.b"}x)",
        R"({"method":"a.b"}{"method":"a.b"})", R"({"method":"a.b",})",
        R"({"method":"a.b","x":01})", R"({"method":"a.b","x":NaN})",
        R"({"method":"a.b","x":1.})", R"({"method":"a.b","x":+1})",
        R"({"method":"a.b","x":tru})", R"({"method":"a.b" "x":1})",
        R"({'method':'a.b'})", R"({method:"a.b"})", R"({"method":"a.b\x"})",
        R"({"method":"a.b","x":"\ud800"})", R"({"method":"a.b","x":[1,]})",
        R"({"method":"a.b","x":[}]})", "{\"method\":\"a.b\",\"x\":\"\n\"}",
        "{\"method\":\"a.b\"} // note", "{\"method\":\"a.b"})
    CHECK_MESSAGE(call_fault(text) == "not JSON", text);
}

TEST_CASE("a message with ill-formed UTF-8 anywhere is not a call") {
  for (auto bytes : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80",
                     "\xf4\x90\x80\x80", "\x80"}) {
    CHECK(call_fault("{\"method\":\"a.b\",\"x\":\""s + bytes + "\"}")
          == "not JSON");
    CHECK(call_fault("{\"method\":\"a.b\",\""s + bytes + "\":1}")
          == "not JSON");
  }
}

TEST_CASE("a NUL in a string or behind the call makes it invalid") {
  CHECK(call_fault("{\"method\":\"a.b\0\"}"s) == "not JSON");
  CHECK(call_fault("{\"method\":\"a.b\"}\0"s) == "not JSON");
  CHECK(call_fault("{\"method\":\0\"a.b\"}"s) == "not JSON");
  // An escaped NUL is text.
  CHECK(good_call(R"({"method":"a.b\u0000"})").method == "a.b\0"s);
}

TEST_CASE("JSON white space may stand around a call") {
  CHECK(good_call(" \t\r\n{ \"method\" :\n\"a.b\" }\r\n\t ").method == "a.b");
}

TEST_CASE("a call may be nested as deep as the limit and no deeper") {
  CHECK(call_fault(nested(limits::varlink_nesting_max_depth)).empty());
  CHECK(call_fault(nested(limits::varlink_nesting_max_depth + 1))
        == "nested too deep");
  CHECK(call_fault(nested(100000)) == "nested too deep");
}

TEST_CASE("a call of any size follows the same rules") {
  for (std::size_t size : {1u, 4000u, 4096u, 4097u, 70000u, 1u << 20}) {
    auto padding = "\"p\":\"" + std::string(size, 'p') + "\"";
    auto x = good_call("{\"method\":\"a.b\",\"parameters\":{" + padding + "}}");
    CHECK(x.parameters.at(0).text.size() == size);
    CHECK(call_fault("{\"method\":\"a.b\"," + padding + ",}") == "not JSON");
    auto deep = nested(limits::varlink_nesting_max_depth);
    CHECK(call_fault("{" + padding + "," + deep.substr(1)).empty());
    deep = nested(limits::varlink_nesting_max_depth + 1);
    CHECK(call_fault("{" + padding + "," + deep.substr(1))
          == "nested too deep");
  }
}

TEST_CASE("a call with padding behind it in its batch is not copied") {
  frame_batch batch;
  batch.append(R"({"method":"a.b","parameters":{"x":"1"}})");
  batch.append(R"({"method":"a.c"})");
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto x = parse_call(batch.at(i), batch.capacity_at(i));
    REQUIRE(std::holds_alternative<call>(x));
    CHECK(std::get<call>(x).method == (i == 0 ? "a.b" : "a.c"));
  }
}

TEST_CASE("no prefix of a call is a call") {
  auto text = R"({"method":"a.b","parameters":{"x":"1\n"},"more":true})"s;
  for (std::size_t n = 0; n < text.size(); ++n)
    CHECK_FALSE(call_fault(text.substr(0, n)).empty());
  CHECK(call_fault(text).empty());
}

TEST_CASE("a reply is an error if it has the error's name") {
  auto x = good_reply(R"({"parameters":{"ok":true}})");
  CHECK(x.error.empty());
  CHECK_FALSE(x.continues);
  CHECK(x.notification == std::nullopt);
  REQUIRE(find(x.parameters, "ok") != nullptr);
  CHECK(find(x.parameters, "ok")->text == "true");
  x = good_reply(
      R"({"parameters":{"request_id":"r"},"error":"a.b.UnknownRequest"})");
  CHECK(x.error == "a.b.UnknownRequest");
  CHECK(x.parameters.at(0).text == "r");
}

TEST_CASE("optional members of a reply may be null") {
  for (auto text : {"{}", R"({"parameters":null})", R"({"error":null})",
                    R"({"parameters":{},"continues":false,"other":1})"}) {
    auto x = good_reply(text);
    CHECK(x.error.empty());
    CHECK(x.parameters.empty());
    CHECK_FALSE(x.continues);
  }
}

TEST_CASE("a reply whose members have other types is invalid") {
  CHECK(reply_fault(R"({"error":1})") == "error is no string");
  CHECK(reply_fault(R"({"continues":null})") == "continues is no boolean");
  CHECK(reply_fault(R"({"continues":"true"})") == "continues is no boolean");
  CHECK(reply_fault(R"({"parameters":[]})") == "parameters are no object");
  CHECK(reply_fault("[]") == "not a JSON object");
  CHECK(reply_fault("{\"error\":\"\xff\"}") == "not JSON");
  CHECK(reply_fault(R"({"parameters":{"event":{"type":"shield_up",}}})")
        == "not JSON");
}

TEST_CASE("what we write reads back unchanged") {
  std::string out;
  append_call(out, "a.b.C", {{"x", "\"1\"\n"}, {"y", ""}}, true);
  out.pop_back();
  auto x = good_call(out);
  CHECK(x.method == "a.b.C");
  CHECK(x.more);
  REQUIRE(x.parameters.size() == 2);
  CHECK(x.parameters[0].text == "\"1\"\n");
  out.clear();
  append_error(out, "a.b.Bad", {{"x", "\\"}});
  out.pop_back();
  auto y = good_reply(out);
  CHECK(y.error == "a.b.Bad");
  CHECK(y.parameters.at(0).text == "\\");
}

} // namespace varlink_message_tests
