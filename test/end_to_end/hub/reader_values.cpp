// How the values of a reader line are converted. Source: clearance.md, section
// 2.

#include "test/end_to_end/world/deployment.hpp"

#include <doctest/doctest.h>

#include <optional>

namespace reader_values_tests {

namespace {

using namespace clearance::test;

const wire_event plain = plain_event("container_exited", "c1");

std::string exited_line(std::string_view reason) {
  return R"({"type":"container_exited","container":"c1","reason":)"
         + std::string(reason) + "}";
}

std::string port_line(std::string_view port, std::string_view proto = "6") {
  return R"({"type":"pending","container":"c1","id":"c1:1",)"
         R"("dest":"203.0.113.7","port":)"
         + std::string(port) + R"(,"proto":)" + std::string(proto) + "}";
}

} // namespace

TEST_CASE("a value that is not a string is taken as text") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  const std::pair<std::string_view, std::string_view> table[] = {
      {R"("poststop")", "poststop"},
      {R"("")", ""},
      {"true", "True"},
      {"false", "False"},
      {"null", ""},
      {"12", "12"},
      {"-0", "-0"},
      {"1.50", "1.50"},
      {"1E+2", "1E+2"},
      {"123456789012345678901234567890", "123456789012345678901234567890"},
      {"1e400", "1e400"},
      {"[1, 2]", "[1, 2]"},
      {R"([ "a",null ])", R"([ "a",null ])"},
      {R"({"a" : 1})", R"({"a" : 1})"},
      {R"({})", "{}"},
  };
  for (const auto& [value, text] : table) {
    const auto& shown = value; // clang 14 captures no binding
    CAPTURE(shown);
    auto expected = plain;
    expected.reason = text;
    CHECK(to_string(server.events_of(exited_line(value), watcher))
          == to_string(std::vector{expected}));
  }
}

TEST_CASE("a required text field that is null or missing makes a malformed "
          "line") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  for (
      auto line : {
          R"({"type":"shield_up","container":null})",
          R"({"type":"shield_up","container":""})",
          R"({"type":"shield_up"})",
          R"({"type":null,"container":"c1"})",
          R"({"type":"pending","container":"c1","id":null,"dest":"d","port":1,"proto":6})",
          R"({"type":"pending","container":"c1","id":"i","dest":null,"port":1,"proto":6})",
          R"({"type":"pending","container":"","id":"i","dest":"d","port":1,"proto":6})",
      }) {
    CAPTURE(line);
    CHECK(to_string(server.events_of(line, watcher)) == "");
  }
}

TEST_CASE("a domain that is null counts as missing") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  const auto seen = server.events_of(
      R"({"type":"pending","container":"c1","id":"c1:1","domain":null,)"
      R"("dest":"203.0.113.7","port":443,"proto":6})",
      watcher);
  CHECK(to_string(seen) == to_string(std::vector{block{}.event()}));
}

TEST_CASE("a port is the integer part of a number, or a string of digits") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  const std::pair<std::string_view, std::optional<std::int64_t>> table[] = {
      {"0", 0},
      {"65536", 65536},
      {"-1", -1},
      {"443.9", 443},
      {"-443.9", -443},
      {"-0.5", 0},
      {"1e2", 100},
      {"9223372036854775807", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
      {R"("443")", 443},
      {R"("+443")", 443},
      {R"("-443")", -443},
      {R"(" \t443\n ")", 443},
      {R"("007")", 7},
      {R"("9223372036854775807")", INT64_MAX},
      {R"("-9223372036854775808")", INT64_MIN},
      {"9223372036854775808", {}},
      {"-9223372036854775809", {}},
      {"18446744073709551616", {}},
      {"1e19", {}},
      {"1e400", {}},
      {"NaN", {}},
      {"Infinity", {}},
      {"-Infinity", {}},
      {"true", {}},
      {"false", {}},
      {"null", {}},
      {"[443]", {}},
      {"{}", {}},
      {R"("")", {}},
      {R"(" ")", {}},
      {R"("+")", {}},
      {R"("+-1")", {}},
      {R"("4 43")", {}},
      {R"("4_43")", {}},
      {R"("443.0")", {}},
      {R"("1e2")", {}},
      {R"("0x1bb")", {}},
      {R"("https")", {}},
      {R"("NaN")", {}},
      {R"("9223372036854775808")", {}},
      {R"("\u0664")", {}},
      {"", {}},
  };
  for (const auto& [value, number] : table) {
    const auto& shown = value; // clang 14 captures no binding
    CAPTURE(shown);
    block expected;
    std::vector<wire_event> as_port, as_proto;
    if (number) {
      expected.port = *number;
      as_port.push_back(expected.event());
      expected.port = 443;
      expected.proto = *number;
      as_proto.push_back(expected.event());
    }
    CHECK(to_string(server.events_of(port_line(value), watcher))
          == to_string(as_port));
    CHECK(to_string(server.events_of(port_line("443", value), watcher))
          == to_string(as_proto));
  }
}

TEST_CASE("if a key is repeated the last one counts, even if it is wrong") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  CHECK(to_string(server.events_of(
            R"({"container":null,"type":"shield_up","type":"container_exited",)"
            R"("reason":"x","reason":null,"container":"c1"})",
            watcher))
        == to_string(std::vector{plain}));
  CHECK(server
            .events_of(R"({"type":"shield_up","container":"c1",)"
                       R"("container":null})",
                       watcher)
            .empty());
  CHECK(server.events_of(port_line(R"(443,"port":"https")"), watcher).empty());
  CHECK(to_string(server.events_of(port_line(R"("https","port":443)"), watcher))
        == to_string(std::vector{block{}.event()}));
}

TEST_CASE("a dossier keeps its order, a repeated key its first place and its "
          "last value") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  auto expected = plain_event("shield_up", "c1");
  expected.dossier = {{"z", "3"}, {"a", "2"}, {"", "None"}};
  CHECK(to_string(
            server.events_of(R"({"type":"shield_up","container":"c1",)"
                             R"("dossier":{"z":"1","a":"2","z":3,"":null}})",
                             watcher))
        == to_string(std::vector{expected}));
  expected.dossier.clear();
  CHECK(to_string(server.events_of(R"({"type":"shield_up","container":"c1",)"
                                   R"("dossier":{"z":"1"},"dossier":[1]})",
                                   watcher))
        == to_string(std::vector{expected}));
}

TEST_CASE("every text is reduced to printable ASCII of 256 characters") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  const std::string kept(256, 'k');
  const std::string too_long(257, 'l');
  const std::string cut = std::string(253, 'l') + "...";
  // Every field has a fault of its own.
  const auto line = R"({"type":"pending","container":"c\n1","id":"\u001b[1m",)"
                    R"("dest":"203.0.113.7\u202e","domain":")"
                    + too_long + R"(","port":443,"proto":6,"dossier":{"k":")"
                    + kept + R"(","\u00e9":"\u00e9\ud83d\ude00"}})";
  block expected;
  expected.container = "c 1";
  expected.request_id = " [1m";
  expected.dest = "203.0.113.7 ";
  expected.domain = cut;
  auto event = expected.event();
  event.dossier = {{"k", kept}, {"\xc3\xa9", "  "}};
  CHECK(to_string(server.events_of(line, watcher))
        == to_string(std::vector{event}));
  // 256 code points of more than 256 bytes are not cut.
  std::string accents, spaces(256, ' ');
  for (int i = 0; i < 256; ++i)
    accents += "\xc3\xa9";
  auto exited = plain;
  exited.reason = spaces;
  CHECK(to_string(server.events_of(exited_line('"' + accents + '"'), watcher))
        == to_string(std::vector{exited}));
}

} // namespace reader_values_tests
