#include "protocol/varlink/shield.hpp"

#include "protocol/varlink/dispatch.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <variant>

namespace varlink_shield_tests {

using namespace clearance::protocol;
using namespace clearance::protocol::varlink;
using namespace std::string_literals;

namespace {

dispatched dispatch_text(role who, std::string_view message) {
  auto parsed = parse_call(message);
  REQUIRE(std::holds_alternative<call>(parsed));
  return dispatch(who, std::get<call>(parsed));
}

std::string answer_to(role who, std::string_view message) {
  const auto result = dispatch_text(who, message);
  REQUIRE(std::holds_alternative<answered>(result));
  return std::get<answered>(result).reply;
}

std::string apply(std::string_view more) {
  return R"({"method":"org.terok.ClearanceShield1.Apply","parameters":)"
         R"({"container":"c","dest":"d","action":"allow")"
         + std::string{more} + "}}";
}

std::optional<shield_abilities> read_abilities(std::string_view message) {
  auto parsed = parse_reply(message);
  REQUIRE(std::holds_alternative<reply>(parsed));
  return abilities_of(std::get<reply>(parsed));
}

} // namespace

TEST_CASE("the shield's abilities are words, one a line") {
  CHECK(parse_shield_abilities("") == shield_abilities{});
  CHECK(parse_shield_abilities("for\nports\r\nexact-names")
        == shield_abilities{true, true, true});
  CHECK(parse_shield_abilities("For\nport\n exact-names\nforever\n")
        == shield_abilities{});
}

TEST_CASE("what a helper says of its shield reads back") {
  for (int bits = 0; bits < 8; ++bits) {
    const shield_abilities x{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
    std::string bytes;
    append_abilities(bytes, x);
    REQUIRE(bytes.ends_with('\0'));
    bytes.pop_back();
    CHECK(read_abilities(bytes) == x);
    std::string lines;
    for (const auto word : words_of(x))
      lines += std::string{word} + '\n';
    CHECK(parse_shield_abilities(lines) == x);
  }
}

TEST_CASE("a reply without a list of words says nothing of the shield") {
  for (const auto* message :
       {R"({"error":"org.varlink.service.InterfaceNotFound"})",
        R"({"parameters":{}})", R"({"parameters":{"words":"for"}})",
        R"({"parameters":{"words":{"for":true}}})",
        R"({"error":"x.y","parameters":{"words":["for"]}})"})
    CHECK_FALSE(read_abilities(message));
  CHECK(read_abilities(R"({"parameters":{"words":[1,"for",null,["ports"]]}})")
        == shield_abilities{.seconds = true});
}

TEST_CASE("a helper takes the calls that a hub makes") {
  std::string bytes;
  append_abilities_call(bytes);
  bytes.pop_back();
  CHECK(std::holds_alternative<abilities_call>(
      dispatch_text(role::verdict_helper, bytes)));
  for (const std::int64_t seconds : {0, 1, 31'622'400}) {
    bytes.clear();
    append_apply_call(bytes, {action::allow, "c\"1", "d", seconds});
    bytes.pop_back();
    const auto result = dispatch_text(role::verdict_helper, bytes);
    const auto* made = std::get_if<apply_call>(&result);
    REQUIRE(made != nullptr);
    CHECK_EQ(made->container, "c\"1");
    CHECK_EQ(made->dest, "d");
    CHECK_EQ(made->action, "allow");
    CHECK_EQ(made->seconds, seconds);
  }
}

TEST_CASE("the seconds of Apply are a positive number, or absent") {
  for (const auto* good : {"", R"(,"seconds":null)", R"(,"seconds":60)"})
    CHECK(std::holds_alternative<apply_call>(
        dispatch_text(role::verdict_helper, apply(good))));
  for (const auto* bad :
       {R"(,"seconds":0)", R"(,"seconds":-1)", R"(,"seconds":1.5)",
        R"(,"seconds":"60")", R"(,"seconds":1e3)", R"(,"seconds":true)",
        R"(,"seconds":9223372036854775808)"}) {
    CAPTURE(bad);
    CHECK(answer_to(role::verdict_helper, apply(bad))
          == R"({"error":"org.varlink.service.InvalidParameter",)"
             R"("parameters":{"parameter":"seconds"}})"s
                 + '\0');
  }
  CHECK(answer_to(role::verdict_helper, apply(R"(,"hours":1)"))
        == R"({"error":"org.varlink.service.InvalidParameter",)"
           R"("parameters":{"parameter":"hours"}})"s
               + '\0');
}

TEST_CASE("only a helper has the shield's interface") {
  for (const auto who : {role::hub, role::operator_hub})
    CHECK(answer_to(who, apply(""))
          == R"({"error":"org.varlink.service.InterfaceNotFound",)"
             R"("parameters":{"interface":"org.terok.ClearanceShield1"}})"s
                 + '\0');
}

} // namespace varlink_shield_tests
