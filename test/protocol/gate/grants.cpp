#include "protocol/gate/grants.hpp"

#include "protocol/gate/limits.hpp"

#include <doctest/doctest.h>

#include <string>

namespace grants_tests {

using namespace clearance::protocol;
using clearance::protocol::access; // not that of POSIX

namespace {

const std::string token_hex =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::string one(std::string_view scope, std::string_view access) {
  return R"({"token_sha256":")" + token_hex + R"(","scope":")"
         + std::string(scope) + R"(","access":")" + std::string(access)
         + R"("})";
}

std::string file(const std::string& grants) {
  return R"({"grants":[)" + grants + "]}";
}

std::vector<grant> parse(const std::string& text) {
  auto result = parse_grants(text);
  if (auto* error = std::get_if<grants_error>(&result))
    FAIL(error->why);
  return std::get<std::vector<grant>>(std::move(result));
}

std::string why(const std::string& text) {
  auto result = parse_grants(text);
  auto* error = std::get_if<grants_error>(&result);
  return error ? error->why : "";
}

access may(const std::vector<grant>& grants,
           const std::vector<sha256_digest>& tokens, std::string_view name,
           git_service service) {
  return check(grants, tokens, name, service).what;
}

} // namespace

TEST_CASE("a grants file is a list of tokens, scopes and accesses") {
  const auto xs =
      parse(file(one("r", "read-only") + "," + one("*", "read-write")));
  REQUIRE_EQ(xs.size(), 2);
  CHECK(xs[0].token == sha256("abc"));
  CHECK_EQ(xs[0].scope, "r");
  CHECK_FALSE(xs[0].writes);
  CHECK_EQ(xs[1].scope, "*");
  CHECK(xs[1].writes);
  CHECK(parse(file("")).empty());
}

TEST_CASE("a grants file with anything wrong in it is refused as a whole") {
  CHECK_EQ(why("{"), "not JSON: The JSON document has an improper structure: "
                     "missing or superfluous commas, braces, missing keys, "
                     "etc.");
  CHECK_EQ(why("[]"), "not an object");
  CHECK_EQ(why("{}"), "no \"grants\"");
  CHECK_EQ(why(R"({"grants":{}})"), "\"grants\" is not an array");
  CHECK_EQ(why(R"({"grants":[],"grants":[]})"), "\"grants\" is given twice");
  CHECK_EQ(why(R"({"grants":[],"x":1})"), "unknown member \"x\"");
  CHECK_EQ(why(file("1")), "grant 1: not an object");
  CHECK_EQ(why(file(one("r", "read-only") + ",{}")),
           "grant 2: needs token_sha256, scope and access");
  CHECK_EQ(why(file(one("a/b", "read-only"))),
           "grant 1: scope \"a/b\" is no repository's name");
  CHECK_EQ(why(file(one("", "read-only"))),
           "grant 1: scope \"\" is no repository's name");
  CHECK_EQ(why(file(one("r", "write"))),
           "grant 1: access is neither read-only nor read-write");
  CHECK_EQ(why(file(R"({"token_sha256":"00"})")),
           "grant 1: needs token_sha256, scope and access");
  CHECK_EQ(why(file(R"({"token":"x"})")), "grant 1: unknown member \"token\"");
  CHECK_EQ(why(file(R"({"scope":"a","scope":"b"})")),
           "grant 1: \"scope\" is given twice");
  CHECK_EQ(why(file(R"({"scope":null})")),
           "grant 1: \"scope\" is not a string");
  auto short_hash = one("r", "read-only");
  short_hash.erase(short_hash.find("ba7"), 1);
  CHECK_EQ(why(file(short_hash)),
           "grant 1: token_sha256 is not 64 hexadecimal digits");
  CHECK_EQ(why(file("") + " x"), why("{"));
}

TEST_CASE("every cut of a grants file is refused") {
  const auto whole = file(one("r", "read-only"));
  for (std::size_t n = 0; n < whole.size(); ++n)
    CHECK_FALSE(why(whole.substr(0, n)).empty());
}

TEST_CASE("a grants file has bounds") {
  std::string many = one("r", "read-only");
  for (std::size_t i = 1; i < gate_limits::grants_max; ++i)
    many += "," + one("r", "read-only");
  CHECK_EQ(parse(file(many)).size(), gate_limits::grants_max);
  CHECK_EQ(why(file(many + "," + one("r", "read-only"))),
           "more than 4096 grants");
  auto text = file("");
  text.resize(gate_limits::grants_file_max_bytes, ' ');
  CHECK(parse(text).empty());
  CHECK_EQ(why(text + ' '), "larger than 1 MiB");
}

TEST_CASE("a token opens its scope as far as its grant goes") {
  const auto a = sha256("a");
  const auto b = sha256("b");
  const std::vector<grant> grants{{a, "r", false}, {b, "*", true}};
  using enum git_service;
  CHECK(may(grants, {a}, "r", upload_pack) == access::granted);
  CHECK(may(grants, {a}, "r", receive_pack) == access::read_only);
  CHECK(may(grants, {a}, "s", upload_pack) == access::other_scope);
  CHECK(may(grants, {a}, "s", receive_pack) == access::other_scope);
  CHECK(may(grants, {b}, "r", receive_pack) == access::granted);
  CHECK(may(grants, {b}, "s", upload_pack) == access::granted);
  CHECK(may(grants, {sha256("c")}, "r", upload_pack) == access::unknown_token);
  CHECK(may({}, {a}, "r", upload_pack) == access::unknown_token);
}

TEST_CASE("of several tokens the first that is known decides") {
  const auto a = sha256("a");
  const auto b = sha256("b");
  const auto c = sha256("c");
  const std::vector<grant> grants{{a, "r", false}, {b, "s", true}};
  using enum git_service;
  auto is = [&](std::vector<sha256_digest> tokens, access what,
                sha256_digest whose) {
    const auto x = check(grants, tokens, "r", receive_pack);
    CHECK(x.what == what);
    CHECK(x.token == whose);
  };
  is({c, a}, access::read_only, a);
  is({a, c}, access::read_only, a);
  is({b, a}, access::other_scope, b);
  is({a, b}, access::read_only, a);
  is({c, c}, access::unknown_token, {});
  is({}, access::unknown_token, {});
}

TEST_CASE("several grants of one token add up") {
  const auto a = sha256("a");
  const std::vector<grant> grants{
      {a, "r", false}, {a, "s", true}, {a, "r", true}};
  CHECK(may(grants, {a}, "r", git_service::receive_pack) == access::granted);
  CHECK(may(grants, {a}, "s", git_service::receive_pack) == access::granted);
}

TEST_CASE("a star in a request is a repository's name like any other") {
  const std::vector<grant> grants{{sha256("a"), "r", true}};
  CHECK(may(grants, {sha256("a")}, "*", git_service::upload_pack)
        == access::other_scope);
}

} // namespace grants_tests
