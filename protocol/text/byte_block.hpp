/// Examines text 64 bytes at a time.
#pragma once

#include "protocol/text/byte_word.hpp"

#include <cstddef>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace clearance::protocol {

/// What 64 bytes are. Bit n of each number stands for byte n.
struct byte_block {
  static constexpr std::size_t size = 64;

  std::uint64_t quotes = 0; // '"'
  // what cannot stand in a JSON string without an escape, '"' apart, what is
  // not ASCII, and 0x7F
  std::uint64_t not_plain = 0;

  friend bool operator==(const byte_block&, const byte_block&) = default;
};

/// The same result as examine(), on any machine. All 64 bytes from `at` on must
/// be readable.
inline byte_block examine_words(const char* at) noexcept {
  byte_block x;
  for (std::size_t i = 0; i < byte_block::size; i += byte_word::size) {
    const auto word = byte_word::load(at + i);
    x.quotes |= byte_word::bits(word.exactly('"')) << i;
    x.not_plain |=
        byte_word::bits(word.exactly_unprintable() | word.exactly('\\')) << i;
  }
  return x;
}

#ifdef __SSE2__

inline byte_block examine(const char* at) noexcept {
  constexpr int step = sizeof(__m128i);
  byte_block x;
  for (std::size_t i = 0; i < byte_block::size; i += step) {
    const auto bytes =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i));
    const auto bits = [i](__m128i marks) {
      return static_cast<std::uint64_t>(
                 static_cast<std::uint32_t>(_mm_movemask_epi8(marks)))
             << i;
    };
    x.quotes |= bits(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
    // As signed numbers, bytes above 0x7F are below 0x20.
    x.not_plain |= bits(
        _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')),
                                  _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F)))));
  }
  return x;
}

#else

inline byte_block examine(const char* at) noexcept {
  return examine_words(at);
}

#endif

} // namespace clearance::protocol
