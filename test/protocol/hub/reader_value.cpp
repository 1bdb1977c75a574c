#include "protocol/hub/reader_value.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string_view>

namespace reader_value_tests {

namespace {

using namespace clearance::protocol;
using kind = json_item::kind;

} // namespace

TEST_CASE("the readers' types are exactly these words") {
  using enum event_type;
  CHECK(reader_event_type("pending") == connection_blocked);
  CHECK(reader_event_type("connection_blocked") == connection_blocked);
  CHECK(reader_event_type("container_started") == container_started);
  CHECK(reader_event_type("container_exited") == container_exited);
  CHECK(reader_event_type("shield_up") == shield_up);
  CHECK(reader_event_type("shield_down") == shield_down);
  CHECK(reader_event_type("shield_disengaged") == shield_disengaged);
  CHECK(reader_event_type("shield_down_all") == shield_disengaged);
  for (const char* word :
       {"", "verdict_applied", "Pending", "pending ", "pend"})
    CHECK(reader_event_type(word) == std::nullopt);
}

TEST_CASE("every kind of value has a text") {
  CHECK(text_of({kind::null, "null"}) == "None");
  CHECK(text_of({kind::boolean, "true"}) == "True");
  CHECK(text_of({kind::boolean, "false"}) == "False");
  CHECK(text_of({kind::number, "1.50"}) == "1.50");
  CHECK(text_of({kind::string, "true"}) == "true");
  CHECK(text_of({kind::array, "[1]"}) == "[1]");
  CHECK(text_of({kind::object, "{}"}) == "{}");
}

TEST_CASE("only numbers and strings of digits are integers") {
  CHECK(integer_of({kind::number, "4.43e2"}) == 443);
  CHECK(integer_of({kind::string, " +443\n"}) == 443);
  CHECK(integer_of({kind::string, "4.43e2"}) == std::nullopt);
  CHECK(integer_of({kind::string, "+-1"}) == std::nullopt);
  CHECK(integer_of({kind::string, "++1"}) == std::nullopt);
  CHECK(integer_of({kind::string, ""}) == std::nullopt);
  for (auto type : {kind::null, kind::boolean, kind::array, kind::object})
    CHECK(integer_of({type, "1"}) == std::nullopt);
}

} // namespace reader_value_tests
