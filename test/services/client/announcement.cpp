#include "services/client/announcement.hpp"

#include <doctest/doctest.h>

namespace announcement_tests {

using namespace clearance::services;

namespace {

std::variant<announcement, no_announcement> read(std::string_view message) {
  announcement_reader reader;
  return reader.read(message, message.size());
}

std::string json_of(std::string_view message) {
  auto result = read(message);
  if (auto* no = std::get_if<no_announcement>(&result))
    FAIL(no->why);
  return std::get<announcement>(result).json;
}

std::string why_not(std::string_view message) {
  return std::get<no_announcement>(read(message)).why;
}

const std::string object =
    R"({"type":"connection_blocked","container":"c","request_id":"c:1",)"
    R"("dest":"1.2.3.4","port":443,"proto":6,"domain":"","action":"",)"
    R"("ok":false,"reason":"","dossier":{"k":"v"}})";

std::string reply(const std::string& event) {
  return R"({"continues":true,"parameters":{"event":)" + event + "}}";
}

} // namespace

TEST_CASE("an event keeps the object that the hub sent") {
  auto result = std::get<announcement>(read(reply(object)));
  REQUIRE(result.known.has_value());
  CHECK(result.known->container == "c");
  CHECK(result.known->port == 443);
  CHECK(result.json == object);
}

TEST_CASE("a newer hub's types and fields reach scripts") {
  const std::string newer = R"({"type":"rain","mm":3,"more":[true,null]})";
  auto result = std::get<announcement>(read(reply(newer)));
  CHECK_FALSE(result.known.has_value());
  CHECK(result.json == newer);
}

TEST_CASE("the object becomes one line of ASCII") {
  CHECK(json_of(reply("{ \"type\" :\n\"x\", \"d\": \"\xc3\xa9\\n\" }"))
        == R"({"type":"x","d":"\u00e9\n"})");
}

TEST_CASE("an error reply is no event") {
  CHECK(why_not(R"({"error":"org.varlink.service.MethodNotFound",)"
                R"("parameters":{"method":"Subscribe"}})")
        == "org.varlink.service.MethodNotFound");
  CHECK(why_not(R"({"error":"a b"})") == "\"a b\"");
}

TEST_CASE("a reply without an event is no announcement") {
  CHECK(why_not("hello").starts_with("bytes that are no varlink message: "));
  CHECK(why_not("{}") == "a reply without an event");
  CHECK(why_not(R"({"parameters":{"event":1}})") == "a reply without an event");
}

} // namespace announcement_tests
