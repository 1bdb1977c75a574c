#include "protocol/guard/dns_relay.hpp"

#include "protocol/guard/limits.hpp"
#include "test/support/wire/packets.hpp"

#include <doctest/doctest.h>

#include <string>

namespace guard_dns_relay_tests {

using namespace clearance::protocol;
using namespace clearance::test;
using namespace std::chrono_literals;

namespace {

const time_point start{1000s};
const dns_asker one{{127, 0, 0, 1}, 4000};
const dns_asker two{{127, 0, 0, 1}, 4001};

// The message that answers `query`, as a name server writes it.
std::string answer_to(std::string query) {
  query[2] = static_cast<char>(query[2] | '\x80');
  return query;
}

} // namespace

TEST_CASE("a question is read, and cut anywhere it is none") {
  const auto query = dns_query(0x1234, "api.example.com", true);
  const auto x = parse_dns_question(query);
  REQUIRE(x);
  CHECK(x->id == 0x1234);
  CHECK_FALSE(x->answer);
  CHECK(x->name == "api.example.com");
  CHECK(x->bytes == query.substr(12));
  CHECK(parse_dns_question(answer_to(query))->answer);
  for (std::size_t n = 0; n < query.size(); ++n)
    CHECK_FALSE(parse_dns_question(query.substr(0, n)));
  // A name that leads into the header would change with the id.
  CHECK_FALSE(parse_dns_question(query.substr(0, 12) + "\xc0\x01"
                                 + std::string("\0\1\0\1", 4)));
  auto two_questions = query;
  two_questions[5] = 2;
  CHECK_FALSE(parse_dns_question(two_questions));
  auto update = query;
  update[2] = 0x28; // OPCODE 5
  CHECK_FALSE(parse_dns_question(update));
}

TEST_CASE("an answer goes to whoever asked, with his id") {
  dns_relay relay;
  const auto first =
      relay.ask(dns_query(7, "a.example", false), one, 99, start);
  const auto second =
      relay.ask(dns_query(7, "b.example", false), two, 99, start);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(parse_dns_question(*first)->id == 99);
  CHECK(parse_dns_question(*second)->id == 100); // 99 is taken
  const auto to_two = relay.answer(answer_to(*second), start);
  REQUIRE(to_two);
  CHECK(to_two->to == two);
  CHECK(to_two->name == "b.example");
  CHECK(to_two->message == answer_to(dns_query(7, "b.example", false)));
  CHECK(relay.answer(answer_to(*first), start)->to == one);
  CHECK(relay.size() == 0);
}

TEST_CASE("of a query only the question and a few wishes are passed on") {
  const auto sent = [](const std::string& query) {
    return dns_relay{}.ask(query, one, 7, start).value();
  };
  const auto plain = dns_query(7, "a.example", false);
  CHECK(sent(plain) == plain);
  auto query = dns_query(1, "a.example", false);
  query[2] = '\x07'; // authoritative, cut, recursion desired
  query[3] = '\xff'; // recursion available, Z, AD, CD, and a failure
  auto kept = plain;
  kept[2] = '\x01';
  kept[3] = '\x30';
  CHECK(sent(query + "more") == kept);
  // An OPT record with an option: its size is ours, DO is kept.
  const auto opt = [](std::string_view size, std::string_view flags,
                      std::string_view options) {
    return std::string("\0\0\x29", 3) + std::string{size}
           + std::string("\0\0", 2) + std::string{flags} + std::string{options};
  };
  query = plain;
  query[11] = 1;
  kept = plain;
  kept[11] = 1;
  const std::string none("\0\0", 2);
  CHECK(sent(query + opt("\xff\xff", "\xff\xff", {"\0\5\0\1hello", 9}))
        == kept + opt({"\x10\0", 2}, {"\x80\0", 2}, none));
  CHECK(sent(query + opt({"\x02\0", 2}, none, none))
        == kept + opt({"\x10\0", 2}, none, none));
  // Cut, or another record.
  CHECK(sent(query + std::string("\0\0\x29\1", 4)) == plain);
  CHECK(sent(query + std::string("\0\0\x10\0\0\0\0\0\0\0\0", 11)) == plain);
}

TEST_CASE("what nobody asked is no answer") {
  dns_relay relay;
  const auto sent = relay.ask(dns_query(7, "a.example", false), one, 99, start);
  // The container knows its own id alone.
  CHECK_FALSE(relay.answer(answer_to(dns_query(7, "a.example", false)), start));
  // Another question with the right id.
  CHECK_FALSE(
      relay.answer(answer_to(dns_query(99, "b.example", false)), start));
  CHECK_FALSE(relay.answer(answer_to(dns_query(99, "a.example", true)), start));
  CHECK_FALSE(relay.answer(*sent, start)); // a query
  CHECK_FALSE(relay.ask(answer_to(*sent), one, 5, start));
  CHECK(relay.answer(answer_to(dns_query(99, "A.Example", false)), start));
  // Once alone.
  CHECK_FALSE(relay.answer(answer_to(*sent), start));
}

TEST_CASE("a query is forgotten in time, and the oldest one of too many") {
  dns_relay relay;
  relay.ask(dns_query(1, "a.example", false), one, 0, start);
  const auto late = start + guard_limits::query_time;
  CHECK_FALSE(relay.answer(answer_to(dns_query(0, "a.example", false)), late));
  CHECK(relay.size() == 0);
  for (std::size_t i = 0; i < guard_limits::queries_max; ++i)
    relay.ask(dns_query(1, "a.example", false), one, 0xfffe, start);
  relay.ask(dns_query(1, "a.example", false), two, 0x5555, start);
  CHECK(relay.size() == guard_limits::queries_max);
  CHECK_FALSE(
      relay.answer(answer_to(dns_query(0xfffe, "a.example", false)), start));
  // The ids behind the highest one begin with 0.
  CHECK(relay.answer(answer_to(dns_query(0xffff, "a.example", false)), start));
  CHECK(relay.answer(answer_to(dns_query(0, "a.example", false)), start));
  CHECK(
      relay.answer(answer_to(dns_query(0x5555, "a.example", false)), start)->to
      == two);
}

} // namespace guard_dns_relay_tests
