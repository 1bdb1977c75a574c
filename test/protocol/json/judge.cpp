#include "test/protocol/json/judge.hpp"

#include "protocol/base/framing.hpp"

#include <doctest/doctest.h>

namespace clearance::test {

namespace {

/// A plain line's event is encoded without a look at its texts.
void check_plain(const protocol::event& x) {
  std::string encoded;
  encode(x, encoded);
  std::string unescaped(encoded_size(x), '?');
  encode_unescaped(x, unescaped.data());
  CHECK(unescaped == encoded);
}

judgement judge(std::string_view line, std::size_t capacity) {
  protocol::reader_line_parser parser;
  judgement x;
  x.what = parser.parse(line, capacity, x.event);
  if (x.what != outcome::complete)
    x.event = {};
  else if (parser.plain())
    check_plain(x.event);
  x.why = parser.why();
  x.repaired = parser.repaired();
  x.plain = parser.plain();
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
