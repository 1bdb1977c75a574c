#include "protocol/gate/credentials.hpp"

#include <doctest/doctest.h>

#include <string>

namespace credentials_tests {

using clearance::protocol::read_credentials;

namespace {

// What they reveal, a bar behind each; "-" for nothing.
std::string tokens(std::string_view value) {
  std::string result;
  for (const auto& x : read_credentials(value))
    result += std::string(x.reveal()) + '|';
  return result.empty() ? "-" : result;
}

} // namespace

TEST_CASE("the user name comes first, then the password") {
  CHECK_EQ(tokens("Basic dG9rZW46"), "token|");              // token:
  CHECK_EQ(tokens("Basic dG9rZW46cGFzcw=="), "token|pass|"); // token:pass
  CHECK_EQ(tokens("Basic dG9rZW46YTpiOmM="), "token|a:b:c|");
  CHECK_EQ(tokens("Basic OnBhc3M="), "pass|");         // :pass
  CHECK_EQ(tokens("Basic YTo="), "a|");                // a:
  CHECK_EQ(tokens("Basic /+8vOg=="), "\xff\xef\x2f|"); // bytes, both marks
}

TEST_CASE("the token of Bearer stands there as it is") {
  CHECK_EQ(tokens("Bearer token"), "token|");
  CHECK_EQ(tokens("bEARER   a-b.c_d~e+f/g==  "), "a-b.c_d~e+f/g==|");
  CHECK_EQ(tokens("Bearer dG9rZW46"), "dG9rZW46|"); // nothing is decoded
  CHECK_EQ(tokens("Bearer a b"), "-");
  CHECK_EQ(tokens("Bearer a\tb"), "-");
}

TEST_CASE("the scheme has no case and any number of spaces behind it") {
  CHECK_EQ(tokens("basic dG9rZW46"), "token|");
  CHECK_EQ(tokens("BASIC dG9rZW46"), "token|");
  CHECK_EQ(tokens("bAsIc   dG9rZW46  "), "token|");
}

TEST_CASE("what is no credential holds no token") {
  for (auto value : {
           "",
           " ",
           "Basic",
           "Basic ",
           "Basic  ",
           "BasicdG9rZW46",
           "Basic\tdG9rZW46",
           "Bearer",
           "Bearer ",
           "Bearertoken",
           "Token token",
           "Digest dG9rZW46",
           "Basi dG9rZW46",
           "Basics dG9rZW46",
           "Basic dG9rZW4=",      // token: no colon
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
    CHECK_EQ(tokens(value), "-");
  }
}

TEST_CASE("every cut of a credential is another one or none") {
  const std::string whole = "Basic dG9rZW46cGFzcw==";
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto got = tokens(whole.substr(0, n));
    CAPTURE(n);
    // Cut at four characters what is left may still be a credential.
    CHECK((got == "-" || (got.starts_with("token|") && (n - 6) % 4 == 0)));
  }
}

} // namespace credentials_tests
