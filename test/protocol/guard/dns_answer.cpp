#include "protocol/guard/dns_answer.hpp"

#include "protocol/guard/limits.hpp"
#include "test/support/wire/packets.hpp"

#include <doctest/doctest.h>

#include <string>

namespace guard_dns_tests {

using namespace clearance::protocol;
using namespace clearance::test;

namespace {

const std::string question = raw({0xc0, 12}); // a pointer to its name
const std::string v4_value = raw({203, 0, 113, 7});

std::string shown(const std::string& message) {
  const auto x = parse_dns_answer(message);
  if (!x)
    return "none";
  std::string out = x->name;
  for (const auto& y : x->addresses)
    out += ' ' + to_string(y.address) + '/' + std::to_string(y.ttl);
  return out;
}

std::string asked(unsigned answers, const std::string& records) {
  return dns_message("API.example.com", answers, records);
}

std::string alias_to(const std::string& from, const std::string& to) {
  return dns_record(dns_name(from), 5, dns_name(to));
}

} // namespace

TEST_CASE("an answer gives a name its addresses") {
  CHECK(shown(asked(1, dns_record(question, 1, v4_value)))
        == "api.example.com 203.0.113.7/300");
  CHECK(shown(asked(2, dns_record(question, 1, v4_value, 60)
                           + dns_record(question, 28,
                                        raw({0x20, 1, 0x0d, 0xb8})
                                            + std::string(11, '\0') + '\1')))
        == "api.example.com 203.0.113.7/60 2001:db8::1/300");
  CHECK(shown(asked(0, "")) == "api.example.com");
  // Each address once; other types and other names give none.
  CHECK(shown(asked(4, dns_record(question, 1, v4_value)
                           + dns_record(question, 1, v4_value)
                           + dns_record(question, 16, v4_value)
                           + dns_record(dns_name("other.org"), 1,
                                        raw({198, 51, 100, 1}))))
        == "api.example.com 203.0.113.7/300");
  // An address of the wrong size is none.
  CHECK(shown(asked(2, dns_record(question, 1, "abc")
                           + dns_record(question, 28, v4_value)))
        == "api.example.com");
}

TEST_CASE("aliases lead to addresses, in any order and not in circles") {
  const auto last = dns_record(dns_name("edge.example.net"), 1, v4_value);
  const auto first = dns_record(question, 5, dns_name("cdn.example.net"));
  const auto second = alias_to("cdn.example.net", "edge.example.net");
  CHECK(shown(asked(3, first + second + last))
        == "api.example.com 203.0.113.7/300");
  CHECK(shown(asked(3, last + second + first))
        == "api.example.com 203.0.113.7/300");
  CHECK(shown(asked(2, first + last)) == "api.example.com");
  CHECK(shown(asked(3, first + alias_to("cdn.example.net", "api.example.com")
                           + last))
        == "api.example.com");
}

TEST_CASE("an answer has as many aliases and records as are read") {
  for (const std::size_t more : {0U, 1U}) {
    const auto count = guard_limits::answer_max_aliases + more;
    std::string records = dns_record(question, 5, dns_name("a1.x"));
    for (std::size_t i = 1; i < count; ++i)
      records += alias_to('a' + std::to_string(i) + ".x",
                          'a' + std::to_string(i + 1) + ".x");
    records +=
        dns_record(dns_name('a' + std::to_string(count) + ".x"), 1, v4_value);
    CHECK(
        shown(asked(static_cast<unsigned>(count) + 1, records))
        == (more == 0 ? "api.example.com 203.0.113.7/300" : "api.example.com"));
  }
  for (const std::size_t more : {0U, 1U}) {
    std::string records;
    const auto count = guard_limits::answer_max_records + more;
    for (std::size_t i = 1; i < count; ++i)
      records += dns_record(question, 16, "x");
    records += dns_record(question, 1, v4_value);
    CHECK(
        shown(asked(static_cast<unsigned>(count), records))
        == (more == 0 ? "api.example.com 203.0.113.7/300" : "api.example.com"));
  }
}

TEST_CASE("an answer that is cut anywhere gives what stood before") {
  const auto one = dns_record(question, 1, v4_value);
  const auto whole = asked(2, one + dns_record(question, 1, raw({8, 8, 8, 8})));
  const auto head = asked(2, "").size();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CAPTURE(n);
    CHECK(shown(whole.substr(0, n))
          == (n < head                ? "none"
              : n < head + one.size() ? "api.example.com"
                                      : "api.example.com 203.0.113.7/300"));
  }
}

TEST_CASE("what is no answer to one question is none") {
  const auto rest = dns_name("a.b") + be16(1) + be16(1);
  CHECK(shown(dns_head(0) + rest) == "a.b");
  CHECK(shown(dns_head(0, 0x0100) + rest) == "none"); // a question
  CHECK(shown(dns_head(0, 0x8183) + rest) == "none"); // there is no such name
  CHECK(shown(dns_head(0, 0xa900) + rest) == "none"); // another operation
  for (const unsigned questions : {0U, 2U})
    CHECK(shown(be16(1) + be16(0x8180) + be16(questions) + be16(0) + be16(0)
                + be16(0) + rest)
          == "none");
  CHECK(shown(dns_head(0) + raw({0}) + be16(1) + be16(1)) == "none");
  for (const auto* bad : {"a b.c", "a\x1b[2J.c", "a\".c", "\xc3\xa4.c"})
    CHECK(shown(dns_head(0) + dns_name(bad) + be16(1) + be16(1)) == "none");
}

TEST_CASE("a name's pointers lead back, and only so often") {
  const auto tail = be16(1) + be16(1);
  CHECK(shown(dns_head(0) + raw({0xc0, 12}) + tail) == "none"); // to itself
  CHECK(shown(dns_head(0) + raw({0xc0, 14}) + tail) == "none"); // forward
  CHECK(shown(dns_head(0) + raw({0x40, 1}) + tail) == "none");  // no label
  // A record whose name is a chain of pointers, each to the one before.
  for (const std::size_t more : {0U, 1U}) {
    const auto count = guard_limits::name_max_pointers + more;
    // The chain is the value of the first record.
    const auto shift = asked(2, dns_record(question, 16, "")).size();
    std::string chain;
    std::size_t at = 12;
    auto place = shift;
    for (std::size_t i = 1; i < count; ++i) {
      chain += be16(0xc000 | static_cast<unsigned>(at));
      at = place;
      place += 2;
    }
    CHECK(
        shown(
            asked(2, dns_record(question, 16, chain)
                         + dns_record(be16(0xc000 | static_cast<unsigned>(at)),
                                      1, v4_value)))
        == (more == 0 ? "api.example.com 203.0.113.7/300" : "api.example.com"));
  }
}

TEST_CASE("a name has up to 253 characters, a label up to 63") {
  const std::string label(63, 'a');
  const auto longest =
      label + '.' + label + '.' + label + '.' + std::string(61, 'b');
  REQUIRE(longest.size() == 253);
  CHECK(shown(dns_message(longest, 0, "")) == longest);
  CHECK(shown(dns_message(longest + 'b', 0, "")) == "none");
}

} // namespace guard_dns_tests
