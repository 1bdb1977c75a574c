#include "protocol/operator/plain_command.hpp"

#include "protocol/operator/client_limits.hpp"

#include <doctest/doctest.h>

#include <string>

namespace plain_command_tests {

using namespace clearance::protocol;

namespace {

using order = plain_order::kind;

bool is_fault(const plain_command& x) {
  return std::holds_alternative<plain_fault>(x);
}

bool is_order(const plain_command& x, order what, std::uint64_t number = 0) {
  const auto* y = std::get_if<plain_order>(&x);
  return y != nullptr && *y == plain_order{what, number};
}

bool decides(const plain_command& x, const plain_decide& y) {
  const auto* z = std::get_if<plain_decide>(&x);
  return z != nullptr && *z == y;
}

} // namespace

TEST_CASE("the commands of plain text") {
  const auto read = parse_plain_command;
  CHECK(decides(read("a 3"), {action::allow, 3, ""}));
  CHECK(decides(read("d 12  not  now \r"), {action::deny, 12, "not  now"}));
  CHECK(decides(read("  a   3 x"), {action::allow, 3, "x"}));
  CHECK(is_order(read("l"), order::list));
  CHECK(is_order(read("e 7"), order::explain, 7));
  CHECK(is_order(read("m 7 "), order::quiet, 7));
  CHECK(is_order(read("h"), order::help));
  CHECK(is_order(read("q"), order::quit));
  // As in the terminal interface.
  CHECK(decides(read("x\t3\tno"), {action::deny, 3, "no"}));
  CHECK(is_order(read("?"), order::help));
  CHECK(is_order(read(""), order::nothing));
  CHECK(is_order(read(" \t\r"), order::nothing));
}

TEST_CASE("a line that is nearly a command does nothing") {
  for (const auto* line : {"a", "a x", "a 0", "a -1", "a +1", "a 1x", "a 0x1",
                           "a 99999999999999999999", "a,3", "A 3", "allow 3",
                           "e", "e 1 2", "l 1", "q now", "x", "? 1", "y 1"}) {
    CAPTURE(line);
    CHECK(is_fault(parse_plain_command(line)));
  }
}

TEST_CASE("a fault says what is wrong") {
  const auto why = [](const std::string& line) {
    const auto x = parse_plain_command(line);
    const auto* fault = std::get_if<plain_fault>(&x);
    return fault == nullptr ? std::string{} : fault->why;
  };
  CHECK(why("e 1 2") == "one number only, for example: e 3");
  CHECK(why("l 1") == "nothing may stand after l");
  CHECK(why(std::string(5000, 'a')) == "the line is longer than 4096 bytes");
  CHECK(why("a 1 " + std::string(600, 'r'))
        == "the reason is longer than 512 bytes");
}

TEST_CASE("the reason and the line have a limit") {
  const auto of = [](std::size_t n) {
    return parse_plain_command("a 1 " + std::string(n, 'r'));
  };
  CHECK_FALSE(is_fault(of(client_limits::typed_text_max_bytes)));
  CHECK(is_fault(of(client_limits::typed_text_max_bytes + 1)));
  std::string line(client_limits::command_line_max_bytes, ' ');
  CHECK_FALSE(is_fault(parse_plain_command(line)));
  CHECK_FALSE(is_fault(parse_json_command(line)));
  line += ' ';
  CHECK(is_fault(parse_plain_command(line)));
  CHECK(is_fault(parse_json_command(line)));
}

TEST_CASE("bytes that are no text become text") {
  const auto x = parse_plain_command("d 1 a\xff\x1b[2J");
  REQUIRE(std::holds_alternative<plain_decide>(x));
  CHECK(std::get<plain_decide>(x).reason == "a\xef\xbf\xbd\x1b[2J");
  const auto y = parse_plain_command("\x1b[2J");
  REQUIRE(is_fault(y));
  CHECK(std::get<plain_fault>(y).why.find('\x1b') == std::string::npos);
}

TEST_CASE("the commands of JSON") {
  const auto read = parse_json_command;
  CHECK(decides(read(R"({"command":"allow","number":3})"),
                {action::allow, 3, ""}));
  CHECK(decides(read(R"({"number":3,"reason":" r ","command":"deny"})"),
                {action::deny, 3, "r"}));
  CHECK(is_order(read(R"({"command":"list"})"), order::list));
  CHECK(
      is_order(read(R"({"command":"explain","number":1})"), order::explain, 1));
  CHECK(is_order(read(R"({"command":"quiet","number":1})"), order::quiet, 1));
  CHECK(is_order(read(R"({"command":"help"})"), order::help));
  CHECK(is_order(read(R"({"command":"quit"})"), order::quit));
  CHECK(is_order(read(" "), order::nothing));
  for (const auto* line :
       {"a 3", "[]", "{}", R"({"command":1})", R"({"command":"allow"})",
        R"({"command":"allow","number":"3"})",
        R"({"command":"allow","number":0})",
        R"({"command":"allow","number":1.5})",
        R"({"command":"allow","number":3,"reason":1})",
        R"({"command":"explain"})", R"({"command":"a","number":3})",
        R"({"command":"allow","number":5,"number":6})"}) {
    CAPTURE(line);
    CHECK(is_fault(read(line)));
  }
}

} // namespace plain_command_tests
