// Input: a byte that says how to cut, and the bytes of a terminal.

#include "services/tui/key_reader.hpp"

#include "protocol/operator/client_limits.hpp"
#include "protocol/text/utf8.hpp"
#include "test/fuzz/fuzz.hpp"

#include <algorithm>
#include <string_view>

namespace key_reader_fuzzer {

namespace {

using namespace clearance::services;
using clearance::test::require;

std::vector<key> keys_of(std::string_view bytes, std::size_t piece,
                         bool has_mouse) {
  key_reader reader{has_mouse};
  std::vector<key> result;
  for (std::size_t i = 0; i < bytes.size(); i += piece)
    reader.feed(bytes.substr(i, piece), result);
  for (int i = 0; reader.wait(); ++i) {
    require(i < 4, "silence comes to an end");
    reader.time_out(result);
  }
  return result;
}

void check(const key& x) {
  const auto max = clearance::protocol::client_limits::typed_text_max_bytes;
  if (x.what == key::kind::paste) {
    require(x.text.size() <= max, "a paste has a limit");
    return;
  }
  require(x.text.empty() == (x.what != key::kind::character),
          "characters alone have a text");
  if (x.text.empty())
    return;
  const auto unit = clearance::protocol::utf8_at(x.text, 0);
  require(unit.well_formed && unit.length == x.text.size(),
          "a character is one code point");
  require(unit.code_point >= 0x20 && unit.code_point != 0x7f
              && (unit.code_point < 0x80 || unit.code_point >= 0xa0),
          "a character is no control");
}

void run(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return;
  const auto bytes = clearance::test::as_text(data + 1, size - 1);
  for (bool has_mouse : {false, true}) {
    const auto whole =
        keys_of(bytes, std::max<std::size_t>(bytes.size(), 1), has_mouse);
    require(keys_of(bytes, 1 + data[0] % 7, has_mouse) == whole,
            "the same keys, however the bytes arrive");
    for (const auto& x : whole)
      check(x);
  }
}

const clearance::test::fuzzer registered{"key_reader", run};

} // namespace

} // namespace key_reader_fuzzer
