#include "protocol/text/utf8.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace utf8_tests {

namespace {

using clearance::protocol::utf8_at;

/// Computed as RFC 3629 describes it, and not with a table.
std::string encoded(char32_t c) {
  auto tail = [&](int shift) {
    return static_cast<char>(0x80 | ((c >> shift) & 0x3F));
  };
  if (c < 0x80)
    return {static_cast<char>(c)};
  if (c < 0x800)
    return {static_cast<char>(0xC0 | (c >> 6)), tail(0)};
  if (c < 0x10000)
    return {static_cast<char>(0xE0 | (c >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (c >> 18)), tail(12), tail(6), tail(0)};
}

bool is_surrogate(char32_t c) {
  return c >= 0xD800 && c <= 0xDFFF;
}

} // namespace

TEST_CASE("every code point is read back from its encoding") {
  std::size_t wrong = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (is_surrogate(c))
      continue;
    auto bytes = encoded(c);
    auto unit = utf8_at(bytes, 0);
    if (!unit.well_formed || unit.code_point != c
        || unit.length != bytes.size())
      ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE(
    "a sequence that is cut short is ill-formed; nothing behind it is read") {
  for (char32_t c : {0x80U, 0x7FFU, 0x800U, 0xFFFDU, 0x10000U, 0x10FFFFU}) {
    auto bytes = encoded(c);
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      auto unit = utf8_at(bytes.substr(0, size), 0);
      CHECK_FALSE(unit.well_formed);
      CHECK(unit.length == size);
      // The same with a byte behind it that does not continue the sequence.
      unit = utf8_at(bytes.substr(0, size) + "a", 0);
      CHECK_FALSE(unit.well_formed);
      CHECK(unit.length == size);
    }
  }
}

TEST_CASE(
    "surrogates, overlong forms and code points beyond Unicode are refused") {
  struct example {
    const char* bytes;
    std::size_t subpart;
  };
  constexpr std::array examples{
      example{"\x80", 1},
      example{"\xBF", 1},
      example{"\xC0\x80", 1},
      example{"\xC1\xBF", 1},
      example{"\xE0\x9F\xBF", 1},
      example{"\xED\xA0\x80", 1},
      example{"\xED\xBF\xBF", 1},
      example{"\xF0\x8F\xBF\xBF", 1},
      example{"\xF4\x90\x80\x80", 1},
      example{"\xF5\x80\x80\x80", 1},
      example{"\xFF", 1},
      example{"\xF1\x80\x80z", 3},
      example{"\xE1\x80\xC0", 2},
  };
  for (const auto& x : examples) {
    CAPTURE(x.bytes);
    auto unit = utf8_at(x.bytes, 0);
    CHECK_FALSE(unit.well_formed);
    CHECK(unit.code_point == 0xFFFD);
    CHECK(unit.length == x.subpart);
  }
}

} // namespace utf8_tests
