#include "protocol/hub/verdict.hpp"

#include "protocol/base/limits.hpp"

#include <doctest/doctest.h>

#include <string>

namespace verdict_tests {

using namespace clearance::protocol;
using namespace std::string_literals;

TEST_CASE("the two actions are written and read as the same words") {
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

// A name in the DNS is chosen inside of the container. A destination such as
// "--help" or "-v" must not become an option of the shield.
TEST_CASE("an operand that looks like an option is refused, and the reason "
          "names it") {
  CHECK(refusal({action::allow, "c", "-v"})
        == "refused: the destination starts with '-': the shield would take it "
           "for an option");
  CHECK(refusal({action::allow, "c", "--"})
        == "refused: the destination starts with '-': the shield would take it "
           "for an option");
  CHECK(refusal({action::deny, "--all", "example.org"})
        == "refused: the container starts with '-': the shield would take it "
           "for an option");
}

TEST_CASE("an empty operand is refused, because it could shift the others") {
  CHECK(refusal({action::allow, "", "d"}) == "refused: the container is empty");
  CHECK(refusal({action::allow, "c", ""})
        == "refused: the destination is empty");
}

TEST_CASE("an operand with a NUL is refused, because it would end early") {
  CHECK(refusal({action::allow, "c\0d"s, "d"})
        == "refused: the container contains a NUL character");
  CHECK(refusal({action::allow, "c", "example.org\0.evil"s})
        == "refused: the destination contains a NUL character");
}

// No announced text is longer; a client that bypasses the hub may send longer
// ones.
TEST_CASE("an operand of 256 bytes is run, one of 257 refused") {
  const std::string most(limits::text_max_chars, 'x');
  CHECK(refusal({action::allow, most, most}) == std::nullopt);
  CHECK(refusal({action::allow, most + "x", "d"})
        == "refused: the container is longer than 256 characters");
  CHECK(refusal({action::allow, "c", most + "x"})
        == "refused: the destination is longer than 256 characters");
}

} // namespace verdict_tests
