#include "protocol/hub/event.hpp"

#include "protocol/varlink/message.hpp"

#include <doctest/doctest.h>

#include <string>

namespace varlink_event_tests {

using namespace clearance::protocol;
using namespace std::string_literals;

namespace {

varlink::reply read(std::string_view text) {
  auto x = varlink::parse_reply(text);
  INFO(text);
  if (auto* bad = std::get_if<varlink::malformed>(&x))
    FAIL(bad->why);
  return std::get<varlink::reply>(x);
}

/// The event of a reply whose `event` has these members.
std::optional<event> read_event(const std::string& members) {
  return read(R"({"continues":true,"parameters":{"event":{)" + members + "}}}")
      .notification;
}

event every_field() {
  event x;
  x.type = event_type::verdict_applied;
  x.container = "c";
  x.request_id = "r \"1\"";
  x.dest = "192.0.2.1";
  x.port = 443;
  x.proto = -6;
  x.domain = "example.org";
  x.action = "allow";
  x.ok = true;
  x.reason = "\\";
  x.dossier = {{"b", "2"}, {"a", "1"}, {"", ""}};
  return x;
}

} // namespace

TEST_CASE("an event of any type reads back as it was encoded") {
  for (auto type :
       {event_type::connection_blocked, event_type::container_started,
        event_type::container_exited, event_type::shield_up,
        event_type::shield_down, event_type::shield_disengaged,
        event_type::verdict_applied}) {
    for (auto x : {every_field(), event{}}) {
      x.type = type;
      std::string out;
      encode(x, out);
      out.pop_back();
      auto y = read(out);
      CHECK(y.continues);
      REQUIRE(y.notification.has_value());
      CHECK((*y.notification == x));
      REQUIRE(y.parameters.size() == 1);
      CHECK(y.parameters[0].name == "event");
      CHECK(y.parameters[0].type == varlink::parameter::kind::other);
    }
  }
}

TEST_CASE("an event's fields may come in any order, between unknown ones") {
  auto x = read_event(R"("ok":true,"colour":{"type":"blue"},"port":1,)"
                      R"("dossier":{"k":"v"},"container":"c",)"
                      R"("type":"shield_up","since":12)");
  REQUIRE(x.has_value());
  CHECK(x->type == event_type::shield_up);
  CHECK(x->container == "c");
  CHECK(x->port == 1);
  CHECK(x->ok);
  CHECK((x->dossier == dossier{{"k", "v"}}));
}

TEST_CASE("fields that are absent or null are empty or zero") {
  for (auto text :
       {R"("type":"shield_down")"s,
        R"("type":"shield_down","container":null,"port":null,"ok":null,)"
        R"("dossier":null)"s}) {
    auto x = read_event(text);
    REQUIRE(x.has_value());
    event expected;
    expected.type = event_type::shield_down;
    CHECK((*x == expected));
  }
}

TEST_CASE("an event of an unknown type is ignored, and the reply is valid") {
  for (auto members : {R"("container":"c")", R"("type":"shield_sideways")",
                       R"("type":"pending")", R"("type":"")", R"("type":null)",
                       R"("type":1)", ""})
    CHECK(read_event(members) == std::nullopt);
  auto x =
      read(R"({"continues":true,"parameters":{"n":1,"event":{"type":"new"}}})");
  CHECK(x.continues);
  CHECK(x.parameters.size() == 2);
}

TEST_CASE("an event with a field of a wrong type is ignored") {
  for (auto field :
       {"container", "request_id", "dest", "domain", "action", "reason"})
    for (auto value : {"1", "true", "[]", "{}"})
      CHECK(read_event(R"("type":"shield_up",")"s + field + "\":" + value)
            == std::nullopt);
  for (auto field : {"port", "proto"})
    for (auto value :
         {"\"1\"", "true", "1.0", "1e3", "9223372036854775808", "[]"})
      CHECK(read_event(R"("type":"shield_up",")"s + field + "\":" + value)
            == std::nullopt);
  for (auto value : {"\"true\"", "1", "{}"})
    CHECK(read_event(R"("type":"shield_up","ok":)"s + value) == std::nullopt);
  for (auto value : {"[]", "\"\"", "{\"k\":1}", "{\"k\":null}"})
    CHECK(read_event(R"("type":"shield_up","dossier":)"s + value)
          == std::nullopt);
}

TEST_CASE("if an event's field is repeated, the last one counts") {
  auto x = read_event(R"("type":1,"type":"shield_up","port":"x","port":7,)"
                      R"("dossier":[],"dossier":{"a":1,"b":"2","a":"3"})");
  REQUIRE(x.has_value());
  CHECK(x->type == event_type::shield_up);
  CHECK(x->port == 7);
  CHECK((x->dossier == dossier{{"a", "3"}, {"b", "2"}}));
}

TEST_CASE("if the event is repeated, the last one counts") {
  auto x = read(R"({"parameters":{"event":{"type":"shield_up","port":1},)"
                R"("event":{"type":"shield_down"}}})");
  REQUIRE(x.notification.has_value());
  CHECK(x.notification->type == event_type::shield_down);
  CHECK(x.notification->port == 0);
  x = read(R"({"parameters":{"event":{"type":"shield_up"},"event":"e"}})");
  CHECK(x.notification == std::nullopt);
  REQUIRE(x.parameters.size() == 1);
  CHECK(x.parameters[0].text == "e");
  x = read(R"({"parameters":{"event":{"type":"shield_up"}},"parameters":{}})");
  CHECK(x.notification == std::nullopt);
}

} // namespace varlink_event_tests
