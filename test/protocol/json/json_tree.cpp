#include "protocol/json/json_tree.hpp"

#include <doctest/doctest.h>

#include <string>

namespace json_tree_tests {

using namespace clearance::protocol;
using kind = json_tree::kind;

TEST_CASE("a tree has every value of its text, in order") {
  auto x = parse_json_tree(
      R"( {"a":[1,"two",true,null,-2.5,{}],"b":{"c":"\u00e9\n"}} )");
  REQUIRE(x);
  REQUIRE(x->type == kind::object);
  CHECK_EQ(x->members.size(), 2);
  const auto* a = x->find("a");
  REQUIRE(a != nullptr);
  REQUIRE(a->type == kind::array);
  REQUIRE_EQ(a->items.size(), 6);
  CHECK(a->items[0].integer() == 1);
  CHECK(a->items[1].string() == "two");
  CHECK(a->items[2].boolean() == true);
  CHECK(a->items[3].type == kind::null);
  CHECK(a->items[4].type == kind::number);
  CHECK_EQ(a->items[4].text, "-2.5");
  CHECK(a->items[5].type == kind::object);
  CHECK(x->find("b")->find("c")->string() == "\u00e9\n");
  CHECK(x->find("c") == nullptr);
}

TEST_CASE("a single value is a tree, too") {
  CHECK(parse_json_tree("7")->integer() == 7);
  CHECK(parse_json_tree("\"x\"")->string() == "x");
  CHECK(parse_json_tree("[]")->items.empty());
  CHECK(parse_json_tree("null")->type == kind::null);
}

TEST_CASE("of a name that is repeated the last member is found") {
  CHECK(parse_json_tree(R"({"a":1,"a":2})")->find("a")->integer() == 2);
}

TEST_CASE("a value of another type is nothing") {
  auto x = parse_json_tree(R"(["1",1.0,1e2,9223372036854775808,true])");
  REQUIRE(x);
  for (const auto& y : x->items)
    CHECK_FALSE(y.integer());
  CHECK_FALSE(x->items[1].string());
  CHECK_FALSE(x->items[0].boolean());
  CHECK(parse_json_tree("9223372036854775807")->integer()
        == 9223372036854775807);
}

TEST_CASE("what is not one JSON value is no tree") {
  for (const char* text : {"", " ", "1 2", "{", "}", "[1,]", "1}", "1,\"a\":2",
                           "{}}", "\"", "tru", "{\"a\"}", "01", "1,\"\":2"})
    CHECK_MESSAGE(!parse_json_tree(text), text);
}

TEST_CASE("a tree is nested at most 128 deep") {
  auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(parse_json_tree(nested(128)));
  CHECK_FALSE(parse_json_tree(nested(129)));
}

} // namespace json_tree_tests
