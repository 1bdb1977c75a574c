#include "protocol/web/body.hpp"

#include "protocol/operator/client_limits.hpp"

#include <doctest/doctest.h>

namespace web_body_tests {

using namespace clearance::protocol;

TEST_CASE("members that are there are read, and others are as they were") {
  const auto x = parse_web_body(
      R"({"number":7,"revision":3,"action":"allow","reason":"wheels","more":1})");
  REQUIRE(x);
  CHECK(x->number == 7);
  CHECK(x->revision == 3);
  CHECK(x->answer == action::allow);
  CHECK(x->reason == "wheels");
  CHECK(x->after == 0);
  const auto y = parse_web_body(R"({"token":"t","after":9,"hub":"/run/h"})");
  REQUIRE(y);
  CHECK(y->token == "t");
  CHECK(y->after == 9);
  CHECK(y->hub == "/run/h");
  CHECK_FALSE(y->answer);
}

TEST_CASE("a wrong type or value, or no object, is refused") {
  for (const auto* text :
       {"", "[]", "1", "{", R"({"number":"7"})", R"({"number":-1})",
        R"({"number":1.5})", R"({"revision":null})", R"({"action":"maybe"})",
        R"({"action":1})", R"({"reason":[]})", R"({"token":1})", R"({} x)"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_web_body(text));
  }
}

TEST_CASE("a reason is one line, and has a length") {
  const auto x = parse_web_body("{\"reason\":\" a\\nb\\u001b[31m\\u0085 \"}");
  REQUIRE(x);
  CHECK(x->reason == "a b [31m");
  const std::string most(client_limits::typed_text_max_bytes, 'x');
  CHECK(parse_web_body("{\"reason\":\"" + most + "\"}"));
  CHECK_FALSE(parse_web_body("{\"reason\":\"" + most + "x\"}"));
}

} // namespace web_body_tests
