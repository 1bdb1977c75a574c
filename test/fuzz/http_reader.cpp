// Input: the size of the pieces (one byte), then a request. The reader gets it
// in one piece and in pieces of that size, as from a connection.

#include "actors/io/http/http_reader.hpp"

#include "test/fuzz/fuzz.hpp"

#include <algorithm>
#include <string>

namespace http_reader_fuzzer {

namespace {

using clearance::io::http_reader;
using clearance::test::require;
using outcome = http_reader::outcome;

struct message {
  bool refused = false;
  bool complete = false;
  std::string body;
  std::string rest;
};

message read(std::string_view bytes, std::size_t step) {
  message result;
  http_reader reader;
  reader.start();
  std::string window;
  bool in_body = false;
  auto take = [&](http_reader::progress x) {
    require(x.consumed <= window.size(), "no more is consumed than is there");
    require(x.body <= x.consumed, "a body is not longer than its framing");
    result.refused = x.what == outcome::refused;
    result.body += window.substr(0, x.body);
    window.erase(0, x.consumed);
    return x.what == outcome::complete;
  };
  while (!bytes.empty()) {
    const auto n = std::min(step, bytes.size());
    window += bytes.substr(0, n);
    bytes.remove_prefix(n);
    if (result.refused || result.complete)
      continue;
    if (!in_body && take(reader.feed_head(window))) {
      in_body = reader.head().has_body();
      result.complete = !in_body;
    }
    if (in_body && !window.empty() && take(reader.feed_body(window)))
      result.complete = true;
  }
  result.rest = window;
  return result;
}

void run(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return;
  const auto bytes = clearance::test::as_text(data + 1, size - 1);
  const auto whole = read(bytes, bytes.size() + 1);
  const auto cut = read(bytes, std::size_t{data[0]} + 1);
  // Both find a mistake, but one may find it earlier than the other.
  require(whole.complete == cut.complete, "pieces make no difference");
  require(!(whole.complete && (whole.refused || cut.refused)),
          "what is complete is not refused");
  if (whole.complete) {
    require(whole.body == cut.body, "the same body");
    require(whole.rest == cut.rest, "the next request begins in one place");
  }
}

const clearance::test::fuzzer registered{"http_reader", run};

} // namespace

} // namespace http_reader_fuzzer
