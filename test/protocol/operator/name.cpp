#include "protocol/operator/name.hpp"

#include "protocol/text/text.hpp"

#include <doctest/doctest.h>

#include <string>

namespace operator_name_tests {

using namespace clearance::protocol;

TEST_CASE("names are compared in lower case and without one trailing dot") {
  CHECK_EQ(canonical_name("Example.ORG."), "example.org");
  CHECK_EQ(canonical_name("a"), "a");
  CHECK_EQ(canonical_name("xn--bcher-kva.example"), "xn--bcher-kva.example");
  CHECK_EQ(canonical_name("1.example"), "1.example");
}

TEST_CASE("what is no name is refused") {
  const std::string long_label(64, 'a');
  for (const auto& text :
       std::initializer_list<std::string>{"",
                                          ".",
                                          "..",
                                          "a..",
                                          ".a",
                                          "a..b",
                                          "-a.b",
                                          "a-.b",
                                          "a_b.c",
                                          "a b.c",
                                          "b\xc3\xbc"
                                          "cher.example",
                                          "*.a",
                                          "a*",
                                          "a/b",
                                          "a:80",
                                          "10.0.0.1",
                                          "10.0.0.1.",
                                          "127.1",
                                          "0x7f000001",
                                          "2130706433",
                                          "::1",
                                          "[::1]",
                                          "example.123",
                                          long_label + ".org",
                                          "a\n",
                                          std::string{"a\0b", 3}})
    CHECK_MESSAGE(!canonical_name(text), text);
}

TEST_CASE("a name and its labels have at most so many characters") {
  const std::string label(63, 'a');
  const auto most = label + "." + label + "." + label + "." + label.substr(2);
  REQUIRE_EQ(most.size(), 253);
  CHECK(canonical_name(most));
  CHECK(canonical_name(most + "."));
  CHECK_FALSE(canonical_name(most + "a"));
}

TEST_CASE("a text that sanitising changed or cut is no name") {
  for (const auto& text : {std::string{"b\xc3\xbc"
                                       "cher.example"},
                           std::string{"a\tb.example"}, std::string{"a\x7f"},
                           std::string(300, 'a'), [] {
                             std::string x = "a.example";
                             for (int i = 0; i < 40; ++i)
                               x = "label-" + x;
                             for (int i = 0; i < 60; ++i)
                               x = "x." + x;
                             return x;
                           }()}) {
    auto changed = text;
    sanitise(changed);
    REQUIRE(changed != text);
    CHECK_MESSAGE(!canonical_name(changed), changed);
  }
}

TEST_CASE("punycode is found in every label") {
  CHECK(has_punycode("xn--bcher-kva.example"));
  CHECK(has_punycode("www.xn--bcher-kva"));
  CHECK_FALSE(has_punycode("www.axn--b.example"));
}

TEST_CASE("a star stands for one label, two stars for one or more") {
  auto matches = [](const char* pattern, const char* name) {
    auto x = parse_name_pattern(pattern);
    REQUIRE_MESSAGE(x, pattern);
    CHECK_EQ(to_string(*x), pattern);
    return x->matches(name);
  };
  CHECK(matches("a.org", "a.org"));
  CHECK_FALSE(matches("a.org", "b.a.org"));
  CHECK_FALSE(matches("a.org", "ba.org"));
  CHECK(matches("*.a.org", "b.a.org"));
  CHECK_FALSE(matches("*.a.org", "a.org"));
  CHECK_FALSE(matches("*.a.org", "c.b.a.org"));
  CHECK_FALSE(matches("*.a.org", "evila.org")); // a suffix without its dot
  CHECK_FALSE(matches("*.a.org", "x.evila.org"));
  CHECK(matches("**.a.org", "b.a.org"));
  CHECK(matches("**.a.org", "c.b.a.org"));
  CHECK_FALSE(matches("**.a.org", "a.org"));
  CHECK_FALSE(matches("**.a.org", "evila.org"));
  CHECK_FALSE(matches("**.a.org", "org"));
}

TEST_CASE("a star anywhere else makes no pattern") {
  for (const auto* text :
       {"*", "**", "*.", "**.", "*a.org", "a.*.org", "a.*", "***.a.org",
        "*.*.a.org", "**.*.a.org", "", ".a.org", "*.10.0.0.1", "*..a"})
    CHECK_MESSAGE(!parse_name_pattern(text), text);
  CHECK_EQ(parse_name_pattern("*.PyPI.org.")->name, "pypi.org");
}

TEST_CASE("a name is within itself and its parents") {
  CHECK(is_within("a.b", "a.b"));
  CHECK(is_within("x.a.b", "a.b"));
  CHECK_FALSE(is_within("xa.b", "a.b"));
  CHECK_FALSE(is_within("b", "a.b"));
}

TEST_CASE("a star within a value stands for any characters") {
  CHECK(matches_glob("pip-*", "pip-3"));
  CHECK(matches_glob("pip-*", "pip-"));
  CHECK_FALSE(matches_glob("pip-*", "pip"));
  CHECK_FALSE(matches_glob("pip-*", "xpip-3"));
  CHECK(matches_glob("*", ""));
  CHECK(matches_glob("a*b*c", "a-b-b-c"));
  CHECK_FALSE(matches_glob("a*b*c", "a-b-b-d"));
  CHECK(matches_glob("", ""));
  CHECK_FALSE(matches_glob("", "a"));
  CHECK_FALSE(matches_glob("A", "a")); // values are not names
  // Not exponential.
  CHECK_FALSE(matches_glob("*a*a*a*a*a*a*a*a*a*a*b", std::string(4000, 'a')));
}

} // namespace operator_name_tests
