/// Examines text eight bytes at a time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace clearance::protocol {

/// Eight bytes; the first one is the lowest. A test sets bit 7 of each byte
/// that it finds (a mark). The lowest mark is always right. Marks above it may
/// be wrong, because a borrow or carry runs upward.
class byte_word {
public:
  static constexpr std::size_t size = 8;

  /// The bytes from `at` on; all of them must be readable.
  static byte_word load(const char* at) noexcept {
    byte_word x;
    std::memcpy(&x.bytes_, at, size);
    if constexpr (std::endian::native == std::endian::big)
      x.bytes_ = __builtin_bswap64(x.bytes_);
    return x;
  }

  /// Marks every byte outside 0x20..0x7E. Bit 7 is set in (x + 1) for 0x7F, in
  /// (x - 0x20) for bytes below 0x20, and in x for bytes above 0x7F.
  std::uint64_t unprintable() const noexcept {
    return (bytes_ | (bytes_ + ones) | (bytes_ - 0x20 * ones)) & marks;
  }

  /// Marks every byte equal to `c`. x is 0 where a byte equals `c`, and (x - 1)
  /// & ~x has bit 7 set there.
  std::uint64_t equal_to(char c) const noexcept {
    auto x = bytes_ ^ (static_cast<unsigned char>(c) * ones);
    return (x - ones) & ~x & marks;
  }

  /// Marks every byte that cannot stand unescaped in a JSON string, that is not
  /// ASCII, or that is 0x7F.
  std::uint64_t not_plain() const noexcept {
    return unprintable() | equal_to('"') | equal_to('\\');
  }

  /// Marks the bytes equal to `c` and no others.
  std::uint64_t exactly(char c) const noexcept {
    const auto x = bytes_ ^ (static_cast<unsigned char>(c) * ones);
    return ~(((x & ~marks) + ~marks) | x) & marks;
  }

  /// Marks the bytes outside 0x20..0x7E and no others. The low seven bits of
  /// each byte are added to, so that nothing is carried into the next byte.
  std::uint64_t exactly_unprintable() const noexcept {
    const auto low = bytes_ & ~marks;
    return (bytes_ | (low + ones) | ~(low + 0x60 * ones)) & marks;
  }

  /// The marks as eight bits, the first byte's lowest.
  static std::uint64_t bits(std::uint64_t marked) noexcept {
    return (marked >> 7) * 0x0102040810204080 >> 56;
  }

  /// The index of the byte that has the lowest mark. There must be a mark.
  static std::size_t first(std::uint64_t marked) noexcept {
    return static_cast<std::size_t>(std::countr_zero(marked)) / 8;
  }

private:
  static constexpr std::uint64_t ones = 0x0101010101010101;
  static constexpr std::uint64_t marks = 0x80 * ones;

  std::uint64_t bytes_ = 0;
};

/// Whether `test` marks no byte of `text`. It must not mark spaces.
template <class Test>
bool none_marked(std::string_view text, Test test) noexcept {
  constexpr auto size = byte_word::size;
  if (text.size() < size) {
    char padded[size] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
    text.copy(padded, text.size());
    return test(byte_word::load(padded)) == 0;
  }
  // The last eight bytes may overlap the ones before; that does no harm.
  auto last = text.size() - size;
  auto marked = test(byte_word::load(text.data() + last));
  for (std::size_t i = 0; i < last; i += size)
    marked |= test(byte_word::load(text.data() + i));
  return marked == 0;
}

} // namespace clearance::protocol
