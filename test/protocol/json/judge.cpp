#include "test/protocol/json/judge.hpp"

#include "protocol/base/framing.hpp"
#include "test/support/wire/event_copy.hpp"

#include <doctest/doctest.h>

namespace clearance::test {

namespace {

/// Both ways to judge a plain line give one event, and it needs no escape.
void check_plain(const protocol::event_view& x, const judgement& other) {
  CHECK(other.what == outcome::complete);
  CHECK(owned(x) == other.event);
  std::string encoded;
  encode(other.event, encoded);
  std::string unescaped(encoded_size(x), '?');
  encode_unescaped(x, unescaped.data());
  CHECK(unescaped == encoded);
}

judgement judge(std::string_view line, std::size_t capacity) {
  protocol::reader_line_parser parser;
  judgement x;
  protocol::event_view view;
  x.plain = parser.parse_plain(line, capacity, view);
  x.what = parser.parse(line, capacity, x.event);
  if (x.what != outcome::complete)
    x.event = {};
  if (x.plain)
    check_plain(view, x);
  x.why = parser.why();
  x.repaired = parser.repaired();
  // There is a reason if and only if the line is malformed.
  CHECK(x.why.empty() == (x.what != outcome::malformed));
  return x;
}

} // namespace

judgement judge(const std::string& line) {
  CAPTURE(line);
  auto result = judge(line, line.size());
  CHECK_FALSE(result.plain);
  bool plain = false;
  // In a batch the bytes of the next line follow. Whatever they are, they must
  // not count as part of this line.
  for (const char* next : {"", "}", "]}", ",\"a\":1}", "\"}", "1"}) {
    CAPTURE(next);
    protocol::frame_batch batch;
    batch.append(line);
    batch.append(next);
    auto again = judge(batch.at(0), batch.capacity_at(0));
    CHECK(again.what == result.what);
    CHECK(again.event == result.event);
    CHECK(again.why == result.why);
    CHECK(again.repaired == result.repaired);
    plain = again.plain;
  }
  result.plain = plain;
  return result;
}

protocol::event event_of(const std::string& line) {
  CAPTURE(line);
  auto x = judge(line);
  CHECK(x.what == outcome::complete);
  return x.event;
}

} // namespace clearance::test
