#include "protocol/text/utf8.hpp"

#include <cstdint>

namespace clearance::protocol {

namespace {

/// What the first byte of a sequence says: the length of the sequence, the bits
/// of the code point in this byte, and the allowed range of the second byte.
/// That range excludes overlong forms, surrogates and everything beyond
/// U+10FFFF.
struct lead {
  std::size_t length;
  char32_t bits;
  std::uint8_t second_min, second_max;
};

lead lead_of(std::uint8_t byte) noexcept {
  if (byte < 0x80)
    return {1, byte, 0, 0};
  if (byte < 0xC2) // a continuation byte, or the start of an overlong form
    return {0, 0, 0, 0};
  if (byte < 0xE0)
    return {2, byte & 0x1FU, 0x80, 0xBF};
  if (byte < 0xF0) {
    auto min = static_cast<std::uint8_t>(byte == 0xE0 ? 0xA0 : 0x80);
    auto max = static_cast<std::uint8_t>(byte == 0xED ? 0x9F : 0xBF);
    return {3, byte & 0x0FU, min, max};
  }
  if (byte < 0xF5) {
    auto min = static_cast<std::uint8_t>(byte == 0xF0 ? 0x90 : 0x80);
    auto max = static_cast<std::uint8_t>(byte == 0xF4 ? 0x8F : 0xBF);
    return {4, byte & 0x07U, min, max};
  }
  return {0, 0, 0, 0};
}

} // namespace

utf8_unit utf8_at(std::string_view bytes, std::size_t i) noexcept {
  auto byte = [&](std::size_t k) {
    return static_cast<std::uint8_t>(bytes[i + k]);
  };
  auto [length, bits, min, max] = lead_of(byte(0));
  if (length == 0)
    return {0xFFFD, 1, false};
  for (std::size_t k = 1; k < length; ++k) {
    if (i + k == bytes.size() || byte(k) < min || byte(k) > max)
      return {0xFFFD, k, false};
    bits = (bits << 6) | (byte(k) & 0x3FU);
    min = 0x80;
    max = 0xBF;
  }
  return {bits, length, true};
}

} // namespace clearance::protocol
