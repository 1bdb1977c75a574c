#include "protocol/varlink/message.hpp"

#include "test/support/wire/json.hpp"

#include <doctest/doctest.h>

#include <string>

namespace varlink_tests {

using namespace clearance::protocol;
using namespace clearance::protocol::varlink;
using namespace std::string_literals;

namespace {

/// `bytes` without the NUL. There must be exactly one NUL, at the end.
std::string message(const std::string& bytes) {
  REQUIRE_FALSE(bytes.empty());
  REQUIRE(bytes.find('\0') == bytes.size() - 1);
  return bytes.substr(0, bytes.size() - 1);
}

std::string verdict_bytes(verdict_outcome::kind what,
                          std::vector<std::string> fields) {
  std::string out;
  append_verdict(out, {what, std::move(fields)});
  return message(out);
}

} // namespace

TEST_CASE(
    "a call is written with its parameters, and with more only if asked") {
  std::string out = "before";
  append_call(out, "a.b.C", {{"x", "1"}, {"y", "2"}});
  CHECK(out
        == "before{\"method\":\"a.b.C\",\"parameters\":"
           "{\"x\":\"1\",\"y\":\"2\"}}\0"s);
  out.clear();
  append_call(out, "a.b.C", {}, true);
  CHECK(out == "{\"method\":\"a.b.C\",\"parameters\":{},\"more\":true}\0"s);
}

TEST_CASE("a reply holds its members in parameters") {
  std::string out = "before";
  append_reply(out, R"("ok":true)");
  append_reply(out, "");
  CHECK(out == "before{\"parameters\":{\"ok\":true}}\0{\"parameters\":{}}\0"s);
}

TEST_CASE("an error reply has the error's name and parameters") {
  std::string out = "before";
  append_error(out, "a.b.Bad", {{"x", "1"}, {"y", "2"}});
  append_error(out, "a.b.Worse");
  CHECK(out
        == "before{\"error\":\"a.b.Bad\",\"parameters\":"
           "{\"x\":\"1\",\"y\":\"2\"}}\0"
           "{\"error\":\"a.b.Worse\",\"parameters\":{}}\0"s);
}

TEST_CASE("text of a peer comes back as text and never as JSON") {
  auto nasty = "\"}\\\0\n\x1f\xff\xc3\xa4"s;
  std::string out;
  append_error(out, "a.b.Bad", {{"x", nasty}});
  auto json = clearance::test::json::parse(message(out));
  CHECK(json["parameters"]["x"].text() == "\"}\\\0\n\x1f\xef\xbf\xbd\xc3\xa4"s);
  out.clear();
  append_call(out, "a.b.C", {{"x", nasty}});
  json = clearance::test::json::parse(message(out));
  CHECK(json["parameters"]["x"].text() == "\"}\\\0\n\x1f\xef\xbf\xbd\xc3\xa4"s);
}

TEST_CASE("each outcome of a verdict has its own reply") {
  using kind = verdict_outcome::kind;
  CHECK(verdict_bytes(kind::ok, {}) == R"({"parameters":{"ok":true}})");
  CHECK(verdict_bytes(kind::invalid_action, {"maybe"})
        == R"({"error":"org.terok.Clearance1.InvalidAction",)"
           R"("parameters":{"action":"maybe"}})");
  CHECK(verdict_bytes(kind::unknown_request, {"r1"})
        == R"({"error":"org.terok.Clearance1.UnknownRequest",)"
           R"("parameters":{"request_id":"r1"}})");
  CHECK(verdict_bytes(kind::verdict_tuple_mismatch, {"a", "b", "c", "d"})
        == R"({"error":"org.terok.Clearance1.VerdictTupleMismatch",)"
           R"("parameters":{"expected_container":"a","expected_dest":"b",)"
           R"("got_container":"c","got_dest":"d"}})");
  CHECK(verdict_bytes(kind::shield_cli_failed, {"allow", "no such rule"})
        == R"({"error":"org.terok.Clearance1.ShieldCliFailed",)"
           R"("parameters":{"action":"allow","stderr":"no such rule"}})");
}

TEST_CASE("the reply to an apply call is never an error") {
  std::string out;
  append_apply(out, {true, ""});
  CHECK(message(out) == R"({"parameters":{"ok":true,"stderr":""}})");
  out.clear();
  append_apply(out, {false, "timed out after 10.0s"});
  CHECK(message(out)
        == R"({"parameters":{"ok":false,"stderr":"timed out after 10.0s"}})");
}

TEST_CASE("a parameter is found by its name") {
  std::vector<parameter> xs{{"a", parameter::kind::string, "1"},
                            {"ab", parameter::kind::null, ""}};
  REQUIRE(find(xs, "a") != nullptr);
  CHECK(find(xs, "a")->text == "1");
  CHECK(find(xs, "ab") == &xs[1]);
  CHECK(find(xs, "") == nullptr);
  CHECK(find(xs, "b") == nullptr);
}

} // namespace varlink_tests
