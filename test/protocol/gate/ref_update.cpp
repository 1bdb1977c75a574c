#include "protocol/gate/ref_update.hpp"

#include <doctest/doctest.h>

#include <string>

namespace ref_update_tests {

using namespace clearance::protocol;

namespace {

const std::string a(40, 'a');
const std::string b(40, 'b');
const std::string c(64, 'c');

} // namespace

TEST_CASE("a line is old id, new id and ref") {
  CHECK(parse_ref_update(a + ' ' + b + " refs/heads/x")
        == ref_update{a, b, "refs/heads/x"});
  CHECK(parse_ref_update(c + ' ' + c + " r") == ref_update{c, c, "r"});
  const auto whole = a + ' ' + b + " r";
  for (std::size_t n = 0; n < whole.size(); ++n)
    CHECK_FALSE(parse_ref_update(whole.substr(0, n)));
  for (const auto& bad :
       {std::string(), std::string("x"), a + ' ' + b, a + ' ' + b + ' ',
        a + ' ' + c + " r", 'A' + a.substr(1) + ' ' + b + " r",
        a + "  " + b + " r", ' ' + a + ' ' + b + " r",
        a.substr(1) + ' ' + b + " r"})
    CHECK_FALSE(parse_ref_update(bad));
}

TEST_CASE("a ref that is there is a line of id and ref") {
  const auto whole = a + " refs/heads/x";
  CHECK(parse_ref_value(whole) == ref_value{a, "refs/heads/x"});
  CHECK(parse_ref_value(c + " refs/x") == ref_value{c, "refs/x"});
  for (std::size_t n = 0; n < a.size() + 6; ++n)
    CHECK_FALSE(parse_ref_value(whole.substr(0, n)));
  for (const auto& bad : {std::string(), a, a + " HEAD", a + "  refs/x",
                          ' ' + a + " refs/x", 'A' + a.substr(1) + " refs/x"})
    CHECK_FALSE(parse_ref_value(bad));
}

TEST_CASE("an id has 40 or 64 digits, and the null id only zeros") {
  CHECK(is_object_id(a));
  CHECK(is_object_id(c));
  for (std::size_t n : {0U, 39U, 41U, 63U, 65U})
    CHECK_FALSE(is_object_id(std::string(n, 'a')));
  CHECK_FALSE(is_object_id(std::string(40, 'g')));
  CHECK_FALSE(is_object_id(std::string(40, 'A')));
  CHECK(is_null_id(std::string(64, '0')));
  CHECK_FALSE(is_null_id(std::string(39, '0') + '1'));
}

} // namespace ref_update_tests
