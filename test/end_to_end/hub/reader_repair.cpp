// A container must not be able to hide a block with bytes that it controls.
// Source: clearance.md, section 2. The Python hub closes the reader's
// connection after such a line, and all later blocks of the container are lost.

#include "test/end_to_end/world/deployment.hpp"

#include <doctest/doctest.h>

namespace reader_repair_tests {

namespace {

using namespace clearance::test;
using namespace std::string_literals;

/// A block whose domain is these bytes, unescaped.
std::string line_with(std::string_view domain) {
  return R"({"type":"pending","container":"c1","id":"c1:1","domain":")"
         + std::string(domain)
         + R"(","dest":"203.0.113.7","port":443,"proto":6})";
}

} // namespace

TEST_CASE("bytes that are not well-formed become spaces, and the block is "
          "announced") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  const std::pair<std::string, std::string_view> table[] = {
      // Bytes outside a well-formed sequence, one space each.
      {"a\xff\x62", "a b"},
      {"a\x80\x62", "a b"},
      {"a\xc3 b", "a  b"},
      {"a\xc3\xa9\xff\x62", "a  b"},
      {"a\xc0\x80z", "a  z"},
      {"a\xe0\x80\x80z", "a   z"},
      {"a\xed\xa0\x80z", "a   z"},
      {"a\xe2\x82z", "a  z"},
      {"a\xf0\x9f\x98z", "a   z"},
      {"a\xf4\x90\x80\x80z", "a    z"},
      {"a\xf8\x88\x80\x80\x80z", "a     z"},
      {"a\xe2\x82\xe2\x82\xacz", "a   z"},
      {"z\xe2\x82", "z  "},
      // Lone surrogates, one space each.
      {R"(a\ud800z)", "a z"},
      {R"(a\uDFFFz)", "a z"},
      {R"(a\ud800\ud800z)", "a  z"},
      {R"(a\udc00\ud800z)", "a  z"},
      {R"(a\ud800\u0041z)", "a Az"},
      {R"(a\ud800\nz)", "a  z"},
      {R"(a\ud83d\ude00\ud83dz)", "a  z"},
      {R"(a\ud800\ud83d\ude00z)", "a  z"},
      {R"(z\ud800)", "z "},
      // An escaped backslash, which begins no surrogate.
      {R"(a\\ud800z\ud800)", R"(a\ud800z )"},
      {R"(a\\\ud800z)", R"(a\ z)"},
      {R"(a\\\\ud800\ud800)", R"(a\\ud800 )"},
      // Raw control bytes.
      {"a\x01z", "a z"},
      {"a\tz", "a z"},
      {"a\rz", "a z"},
      {"a\x1b[31mz", "a [31mz"},
      {"a\0z"s, "a z"},
      {"a\x1f\x1fz", "a  z"},
      // All of these together, with an escaped quote that must stay.
      {"\xff\x01\\ud800\\\"\xff", R"(   " )"},
  };
  for (const auto& [domain, text] : table) {
    const auto& shown = domain; // clang 14 captures no binding
    CAPTURE(shown);
    block expected;
    expected.domain = text;
    CHECK(to_string(server.events_of(line_with(domain), watcher))
          == to_string(std::vector{expected.event()}));
  }
}

TEST_CASE("keys, ignored values and bytes between tokens are repaired, too") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  auto expected = plain_event("shield_up", "c1");
  for (const std::string line : {
           "{\"type\":\"shield_up\",\"container\":\"c1\",\"x\":\"\xff\x01\"}",
           "{\"type\":\"shield_up\",\"container\":\"c1\",\"x\":\"\\udc00\"}",
           "{\"type\":\"shield_up\",\"container\":\"c1\",\"\xff\":1}",
           "{\"type\":\"shield_up\",\"container\":\"c1\",\"\\udc00\":[]}",
           "{\"type\":\"shield_up\",\xff\"container\":\"c1\"}",
           "\xff{\"type\":\"shield_up\",\"container\":\"c1\"}\x80",
       }) {
    CAPTURE(line);
    CHECK(to_string(server.events_of(line, watcher))
          == to_string(std::vector{expected}));
  }
  expected.dossier = {{"k ", "v "}, {"l ", " "}};
  CHECK(to_string(server.events_of(
            "{\"type\":\"shield_up\",\"container\":\"c1\",\"dossier\":"
            "{\"k\xff\":\"v\x01\",\"l\\ud800\":\"\xff\"}}",
            watcher))
        == to_string(std::vector{expected}));
}

TEST_CASE("a repaired line that is still bad is dropped") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  for (const std::string line : {
           "{\"type\":\"shield_up\",\"container\":\"c1\",\"x\":tr\xff}",
           "{\"type\":\"shield_up\",\"container\":\"c1\xff",
           "{\"type\":\"shield_up\",\"container\":\"c1\\ud8\"}",
           "{\"type\":\"shield_up\",\x01\"container\":\"c1\"}",
           "{\"type\":\"shield\xff_up\",\"container\":\"c1\"}",
           "\xff\xff\xff",
       }) {
    CAPTURE(line);
    CHECK(to_string(server.events_of(line, watcher)) == "");
  }
}

TEST_CASE("a repaired block can be answered by its repaired name") {
  operation x{each_executor()};
  auto watcher = x.server.subscriber();
  const auto seen = x.server.events_of(line_with("bad\xffname"), watcher);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].domain == "bad name");
  auto caller = x.server.client();
  CHECK(caller.verdict("c1", "c1:1", "bad name", "deny")
        == success(R"({"ok":true})"));
  CHECK(x.shield.next_run().arguments
        == std::vector<std::string>{"deny", "c1", "bad name"});
}

TEST_CASE("the connection of a reader that sends repaired lines stays") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  auto reader = server.reader();
  for (int i = 0; i < 3; ++i) {
    reader.send(line_with("x\xff") + "\n" + plain_line("shield_up", "c1"));
    CHECK(watcher.next_event().type == "connection_blocked");
    CHECK(watcher.next_event().type == "shield_up");
  }
}

} // namespace reader_repair_tests
