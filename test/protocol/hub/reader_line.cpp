// The meaning of a line. Which lines are valid JSON is tested in
// reader_line_json.cpp.

#include "protocol/hub/reader_line.hpp"

#include "test/protocol/json/judge.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <string>

namespace reader_line_tests {

namespace {

using namespace clearance::test;
using clearance::protocol::dossier;
using clearance::protocol::event;
using clearance::protocol::event_type;

/// A whole `pending` line. `members` follow its own members, so that they
/// override these.
std::string pending(const std::string& members = "") {
  return R"({"type":"pending","container":"c","id":"c:1","dest":"1.2.3.4",)"
         R"("port":443,"proto":6)"
         + (members.empty() ? "" : "," + members) + "}";
}

/// The dossier of the event that a `shield_up` line makes of this JSON.
dossier dossier_of(const std::string& json) {
  return event_of(R"({"type":"shield_up","container":"c","dossier":)" + json
                  + "}")
      .dossier;
}

} // namespace

TEST_CASE("a blank line is nothing") {
  for (const char* line : {"", " ", "\t", "\r", " \t\r\v\f "})
    CHECK(judge(line).what == outcome::blank);
}

TEST_CASE("a line is plain if none of its texts needs an escape") {
  CHECK(judge(pending()).plain);
  CHECK(judge(pending(R"("domain":"a.example","dossier":{"k":"v","n":1})"))
            .plain);
  for (const char* text :
       {R"(\u0061)", R"(\")", R"(\\)", "\x7F", "\xC3\xA9", "\x01", "\xFF"}) {
    CAPTURE(text);
    CHECK_FALSE(
        judge(pending(R"("domain":")" + std::string{text} + '"')).plain);
    CHECK_FALSE(
        judge(pending(R"("dossier":{"k)" + std::string{text} + R"(":"v"})"))
            .plain);
  }
  CHECK_FALSE(judge(pending(R"("dossier":{"k":["v"]})")).plain);
}

TEST_CASE("a line with a text that is cut is not plain") {
  const auto with_domain = [](std::size_t size) {
    return judge(pending(R"("domain":")" + std::string(size, 'd') + '"'));
  };
  CHECK(with_domain(256).plain);
  CHECK_FALSE(with_domain(257).plain);
  CHECK(with_domain(257).event.domain == std::string(253, 'd') + "...");
}

TEST_CASE("a line is plain whatever it tells, if it tells something") {
  for (const char* type :
       {"container_started", "container_exited", "shield_up", "shield_down"}) {
    const auto x = judge(R"({"type":")" + std::string{type}
                         + R"(","container":"c","reason":"poststop"})");
    CHECK(x.plain);
    CHECK(x.what == outcome::complete);
  }
  CHECK_FALSE(judge(R"({"type":"unheard_of","container":"c"})").plain);
  CHECK_FALSE(judge(R"({"type":"shield_up"})").plain);
  CHECK_FALSE(judge(" ").plain);
}

TEST_CASE("white space around a line is ignored") {
  CHECK(event_of(" \t\v\f\r" + pending() + "\r \v\f\t") == event_of(pending()));
}

TEST_CASE("a type that we do not know makes a line unknown") {
  for (const char* type :
       {R"("Pending")", R"("pending ")", R"("pending\u0000")", R"("")",
        R"("verdict_applied")", R"("container")", "true", "null", "1",
        R"(["pending"])", R"({"type":"pending"})"}) {
    CAPTURE(type);
    CHECK(judge(pending(R"("type":)" + std::string(type))).what
          == outcome::unknown);
  }
  CHECK(judge("{}").what == outcome::unknown);
  CHECK(judge(R"({"container":"c"})").what == outcome::unknown);
}

TEST_CASE("a line is of an unknown type only if it is JSON") {
  CHECK(judge(R"({"type":"x","y":[1,]})").what == outcome::malformed);
  CHECK(judge(R"({"type":"x","y":tru})").what == outcome::malformed);
  CHECK(judge(R"({"type":"x"}})").what == outcome::malformed);
}

TEST_CASE("each reader type makes its event with its own fields") {
  struct example {
    const char* word;
    event_type type;
  };
  constexpr std::array examples{
      example{"pending", event_type::connection_blocked},
      example{"connection_blocked", event_type::connection_blocked},
      example{"container_started", event_type::container_started},
      example{"container_exited", event_type::container_exited},
      example{"shield_up", event_type::shield_up},
      example{"shield_down", event_type::shield_down},
      example{"shield_disengaged", event_type::shield_disengaged},
      example{"shield_down_all", event_type::shield_disengaged},
  };
  for (const auto& x : examples) {
    CAPTURE(x.word);
    event expected;
    expected.type = x.type;
    expected.container = "c";
    expected.dossier = {{"k", "v"}};
    if (x.type == event_type::connection_blocked) {
      expected.request_id = "c:1";
      expected.dest = "1.2.3.4";
      expected.port = 443;
      expected.proto = 6;
      expected.domain = "d";
    }
    if (x.type == event_type::container_exited)
      expected.reason = "r";
    // The line has every key that any type uses; each type takes its own.
    CHECK(event_of(pending(R"("domain":"d","reason":"r","action":"deny",)"
                           R"("ok":true,"dossier":{"k":"v"},"type":")"
                           + std::string(x.word) + "\""))
          == expected);
  }
}

TEST_CASE("no field of an event is left over from the event before") {
  clearance::protocol::reader_line_parser parser;
  event x;
  auto parse = [&](const std::string& line) {
    return parser.parse(line, line.size(), x);
  };
  CHECK(parse(pending(R"("domain":"d","dossier":{"a":"1","b":"2"})"))
        == outcome::complete);
  x.action = "allow";
  x.ok = true;
  x.reason = "r";
  CHECK(parse(R"({"type":"shield_up","container":"other"})")
        == outcome::complete);
  event expected;
  expected.type = event_type::shield_up;
  expected.container = "other";
  CHECK(x == expected);
}

TEST_CASE("a required field that is missing, or null, makes a line malformed") {
  for (const char* field : {"container", "id", "dest", "port", "proto"}) {
    CAPTURE(field);
    auto null = pending("\"" + std::string(field) + "\":null");
    CHECK(judge(null).what == outcome::malformed);
    auto line = pending();
    line.replace(line.find(field), 1, "X");
    CHECK(judge(line).what == outcome::malformed);
    CHECK(judge(line).why.find(field) != std::string::npos);
  }
}

TEST_CASE("an empty container is malformed, an empty id or dest is not") {
  CHECK(judge(pending(R"("container":"")")).what == outcome::malformed);
  CHECK(judge(R"({"type":"shield_up","container":""})").what
        == outcome::malformed);
  CHECK(event_of(pending(R"("id":"","dest":"")")).request_id.empty());
}

TEST_CASE("fields that a type does not use may hold any JSON") {
  CHECK(
      judge(R"({"type":"shield_up","container":"c","port":"x","id":null})").what
      == outcome::complete);
}

TEST_CASE("a value that is not a string is taken as text") {
  auto domain = [](const std::string& json) {
    return event_of(pending(R"("domain":)" + json)).domain;
  };
  CHECK(domain("true") == "True");
  CHECK(domain("false") == "False");
  CHECK(domain("1.50") == "1.50");
  CHECK(domain("-0") == "-0");
  CHECK(domain("1E999") == "1E999");
  CHECK(domain("123456789012345678901234567890")
        == "123456789012345678901234567890");
  CHECK(domain(R"([1, "a" ,{}] )") == R"([1, "a" ,{}])");
  CHECK(domain(R"({"a" : [ ] } )") == R"({"a" : [ ] })");
  CHECK(domain("[]") == "[]");
  CHECK(domain("null").empty());
}

TEST_CASE("text made of a value that is not a string is sanitised, too") {
  CHECK(event_of(pending("\"domain\":[\"caf\u00e9\",\t1]")).domain
        == R"(["caf ", 1])");
  auto big = event_of(pending(R"("domain":[)" + std::string(300, '1') + "]"));
  CHECK(big.domain == "[" + std::string(252, '1') + "...");
}

TEST_CASE("if a key is repeated, the last one counts") {
  CHECK(event_of(pending(R"("container":"d")")).container == "d");
  CHECK(event_of(pending(R"("\u0063ontainer":"d")")).container == "d");
  CHECK(event_of(R"({"port":"x",)" + pending().substr(1)).port == 443);
  CHECK(event_of(pending(R"("domain":"a","domain":null)")).domain.empty());
  CHECK(
      event_of(pending(R"("dossier":{"a":"b"},"dossier":1)")).dossier.empty());
  CHECK(event_of(pending(R"("dossier":1,"dossier":{"a":"b"})")).dossier
        == dossier{{"a", "b"}});
  CHECK(judge(pending(R"("port":null)")).what == outcome::malformed);
}

TEST_CASE("the integer part of a number is taken") {
  auto port = [](const std::string& json) {
    return event_of(pending(R"("port":)" + json)).port;
  };
  CHECK(port("0") == 0);
  CHECK(port("-1") == -1);
  CHECK(port("443.9") == 443);
  CHECK(port("-0.5") == 0);
  CHECK(port("4.43e2") == 443);
  CHECK(port("9223372036854775807")
        == std::numeric_limits<std::int64_t>::max());
  CHECK(port("-9223372036854775808")
        == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("a number may be a string of digits with white space around it") {
  auto proto = [](const std::string& text) {
    return event_of(pending(R"("proto":")" + text + "\"")).proto;
  };
  CHECK(proto("17") == 17);
  CHECK(proto("+17") == 17);
  CHECK(proto("-17") == -17);
  CHECK(proto("0017") == 17);
  CHECK(proto(R"( \t\r\n\f\u000b17 )") == 17);
  CHECK(proto(R"(\u0031\u0037)") == 17);
  CHECK(proto("-9223372036854775808")
        == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("any other value for a number makes the line malformed") {
  for (const char* value : {"true",
                            "false",
                            "null",
                            "[]",
                            "[443]",
                            "{}",
                            R"("")",
                            R"(" ")",
                            R"("https")",
                            R"("4 4")",
                            R"("1.0")",
                            R"("1e3")",
                            R"("0x10")",
                            R"("+-1")",
                            R"("-+1")",
                            R"("+")",
                            R"("--1")",
                            R"("1_0")",
                            R"("\u0661")",
                            R"("1\u00a0")",
                            R"("9223372036854775808")",
                            "9223372036854775808",
                            "-9223372036854775809",
                            "1e19",
                            "1e999",
                            "9223372036854775808.0",
                            R"("NaN")"}) {
    CAPTURE(value);
    for (const char* field : {"port", "proto"}) {
      auto line = pending("\"" + std::string(field) + "\":" + value);
      CHECK(judge(line).what == outcome::malformed);
      CHECK(judge(line).why.find(field) != std::string::npos);
    }
  }
}

TEST_CASE("a dossier keeps its order, and every value becomes text") {
  CHECK(dossier_of(R"({"z":"1","a":2,"m":true,"n":null,"f":false,)"
                   R"("l":[1, 2],"o":{"p":"q"}})")
        == dossier{{"z", "1"},
                   {"a", "2"},
                   {"m", "True"},
                   {"n", "None"},
                   {"f", "False"},
                   {"l", "[1, 2]"},
                   {"o", R"({"p":"q"})"}});
  CHECK(dossier_of(R"({"":""})") == dossier{{"", ""}});
  CHECK(dossier_of("{}").empty());
}

TEST_CASE("a dossier that is not an object counts as empty") {
  for (const char* json : {"null", "true", "1", R"("x")", "[]", R"([["a",1]])"})
    CHECK(dossier_of(json).empty());
}

TEST_CASE("a dossier's values are sanitised, its keys are not") {
  CHECK(dossier_of(R"({"caf\u00e9\n":"caf\u00e9\n"})")
        == dossier{{"caf\u00e9\n", "caf  "}});
  CHECK(dossier_of(R"({"k":")" + std::string(257, 'v') + "\"}")
        == dossier{{"k", std::string(253, 'v') + "..."}});
  auto key = std::string(1000, 'k');
  CHECK(dossier_of("{\"" + key + R"(":"v"})") == dossier{{key, "v"}});
}

TEST_CASE("a repeated key of a dossier has the last value at the first place") {
  CHECK(dossier_of(R"({"a":"1","b":"2","\u0061":"3","c":"4","b":null})")
        == dossier{{"a", "3"}, {"b", "None"}, {"c", "4"}});
}

TEST_CASE("this also holds for a dossier with very many keys") {
  std::string json = "{";
  dossier expected;
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 1000; ++i) {
      auto key = std::to_string(i * 7919 % 1000);
      auto value = std::to_string(round * 1000 + i);
      json += (json.size() > 1 ? ",\"" : "\"") + key + "\":" + value;
      if (round == 0)
        expected.emplace_back(key, "");
      else
        expected[static_cast<std::size_t>(i)].second = value;
    }
  CHECK(dossier_of(json + "}") == expected);
}

} // namespace reader_line_tests
