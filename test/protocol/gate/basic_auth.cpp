#include "protocol/gate/basic_auth.hpp"

#include <doctest/doctest.h>

#include <string>

namespace basic_auth_tests {

using clearance::protocol::basic_user;

namespace {

// What it reveals, "-" for nothing.
std::string user(std::string_view value) {
  auto result = basic_user(value);
  return result ? std::string(result->reveal()) : "-";
}

} // namespace

TEST_CASE("the user name is the token, the password does not matter") {
  CHECK_EQ(user("Basic dG9rZW46"), "token");         // token:
  CHECK_EQ(user("Basic dG9rZW46cGFzcw=="), "token"); // token:pass
  CHECK_EQ(user("Basic dG9rZW46YTpiOmM="), "token"); // token:a:b:c
  CHECK_EQ(user("Basic YTo="), "a");                 // a:
  CHECK_EQ(user("Basic /+8vOg=="), "\xff\xef\x2f");  // bytes, both marks
}

TEST_CASE("the scheme has no case and any number of spaces behind it") {
  CHECK_EQ(user("basic dG9rZW46"), "token");
  CHECK_EQ(user("BASIC dG9rZW46"), "token");
  CHECK_EQ(user("bAsIc   dG9rZW46  "), "token");
}

TEST_CASE("what is no Basic credential has no user") {
  for (auto value : {
           "",
           " ",
           "Basic",
           "Basic ",
           "Basic  ",
           "BasicdG9rZW46",
           "Basic\tdG9rZW46",
           "Bearer dG9rZW46",
           "Digest dG9rZW46",
           "Basi dG9rZW46",
           "Basics dG9rZW46",
           "Basic dG9rZW4=",      // token: no colon
           "Basic OnBhc3M=",      // :pass, no user
           "Basic Og==",          // : alone
           "Basic dG9rZW46=",     // wrong padding
           "Basic dG9rZW4",       // no padding
           "Basic dG9r=W46",      // padding within
           "Basic dG9rZW46====",  // only padding
           "Basic ====",          //
           "Basic dG9r ZW46",     // a space within
           "Basic dG9rZW46 dG9r", // two words
           "Basic dG9r-W46",
           "Basic dG9r_W46",
           "Basic dG9rZW4\x80",
           "Basic YTp=", // bits behind the last byte
           "@asic dG9rZW46",
       }) {
    CAPTURE(value);
    CHECK_EQ(user(value), "-");
  }
}

TEST_CASE("every cut of a credential is another one or none") {
  const std::string whole = "Basic dG9rZW46cGFzcw==";
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto got = user(whole.substr(0, n));
    CAPTURE(n);
    // Cut at four characters what is left may still be a credential.
    CHECK((got == "-" || (got == "token" && (n - 6) % 4 == 0)));
  }
}

} // namespace basic_auth_tests
