#include "protocol/hub/verdict.hpp"

#include "protocol/base/limits.hpp"

#include <doctest/doctest.h>

#include <string>

namespace verdict_tests {

using namespace clearance::protocol;
using namespace std::string_literals;

TEST_CASE("the two actions are read and written as the same words") {
  for (auto x : {action::allow, action::deny})
    CHECK(parse_action(to_string(x)) == x);
  CHECK(to_string(action::allow) == "allow");
  CHECK(to_string(action::deny) == "deny");
}

TEST_CASE("nothing but the two words is an action") {
  for (auto word : {"", "Allow", "ALLOW", "allow ", " deny", "allowed", "den",
                    "allow\n", "--allow"})
    CHECK(parse_action(word) == std::nullopt);
  CHECK(parse_action("allow\0"s) == std::nullopt);
}

TEST_CASE("an ordinary shield call is not refused") {
  for (auto x : {action::allow, action::deny}) {
    CHECK(refusal({x, "0123456789ab", "example.org"}) == std::nullopt);
    CHECK(refusal({x, "a-b", "192.0.2.1"}) == std::nullopt);
    CHECK(refusal({x, "c", "a -- b"}) == std::nullopt);
  }
}

// A DNS name is chosen inside of the container: "--help" or "-v" as a
// destination must not steer the shield.
TEST_CASE("an operand that looks like an option is refused by name") {
  CHECK(refusal({action::allow, "c", "-v"})
        == "refused: the destination starts with '-' and would be an option");
  CHECK(refusal({action::allow, "c", "--"})
        == "refused: the destination starts with '-' and would be an option");
  CHECK(refusal({action::deny, "--all", "example.org"})
        == "refused: the container starts with '-' and would be an option");
}

TEST_CASE("an empty operand is refused, for it would shift the others") {
  CHECK(refusal({action::allow, "", "d"}) == "refused: the container is empty");
  CHECK(refusal({action::allow, "c", ""})
        == "refused: the destination is empty");
}

TEST_CASE("an operand with a NUL is refused, for it would end early") {
  CHECK(refusal({action::allow, "c\0d"s, "d"})
        == "refused: the container holds a NUL, where a command line would "
           "end it");
  CHECK(refusal({action::allow, "c", "example.org\0.evil"s})
        == "refused: the destination holds a NUL, where a command line would "
           "end it");
}

// The longest that is ever announced; whoever goes around the hub has others.
TEST_CASE("an operand of 256 bytes is run, one of 257 refused") {
  const std::string most(limits::text_max_chars, 'x');
  CHECK(refusal({action::allow, most, most}) == std::nullopt);
  CHECK(refusal({action::allow, most + "x", "d"})
        == "refused: the container is longer than any that is announced");
  CHECK(refusal({action::allow, "c", most + "x"})
        == "refused: the destination is longer than any that is announced");
}

} // namespace verdict_tests
