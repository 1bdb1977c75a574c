#include "protocol/text/byte_block.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace byte_block_tests {

using namespace clearance::protocol;

namespace {

/// A byte at a time.
byte_block expected_of(const std::string& bytes) {
  byte_block x;
  for (std::size_t i = 0; i < byte_block::size; ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    const auto bit = std::uint64_t{1} << i;
    if (c == '"')
      x.quotes |= bit;
    if (c < 0x20 || c > 0x7E || c == '\\')
      x.not_plain |= bit;
  }
  return x;
}

void check(const std::string& bytes) {
  CAPTURE(bytes);
  CHECK(examine(bytes.data()) == expected_of(bytes));
  CHECK(examine_words(bytes.data()) == expected_of(bytes));
}

} // namespace

TEST_CASE("each byte is what it is, at each place and beside each kind") {
  for (const char beside : {' ', '"', '\\', '\0', '\x7F', '\xFF', 'a'})
    for (std::size_t at = 0; at < byte_block::size; ++at)
      for (int c = 0; c < 256; ++c) {
        std::string bytes(byte_block::size, beside);
        bytes[at] = static_cast<char>(c);
        // check() is slow, and there are 114 688 of them.
        if (examine(bytes.data()) != expected_of(bytes)
            || examine_words(bytes.data()) != expected_of(bytes))
          check(bytes);
      }
}

TEST_CASE("bytes of any kind beside each other are told apart") {
  std::mt19937 random{1};
  for (int i = 0; i < 10000; ++i) {
    std::string bytes(byte_block::size, '\0');
    for (auto& c : bytes)
      c = static_cast<char>(random());
    check(bytes);
  }
}

} // namespace byte_block_tests
