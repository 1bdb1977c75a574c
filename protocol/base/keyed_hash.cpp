#include "protocol/base/keyed_hash.hpp"

#include <bit>
#include <cstddef>
#include <random>

namespace clearance::protocol {

namespace {

struct sip_state {
  std::uint64_t a, b, c, d;

  void round() noexcept {
    a += b;
    b = std::rotl(b, 13) ^ a;
    a = std::rotl(a, 32);
    c += d;
    d = std::rotl(d, 16) ^ c;
    a += d;
    d = std::rotl(d, 21) ^ a;
    c += b;
    b = std::rotl(b, 17) ^ c;
    c = std::rotl(c, 32);
  }

  void absorb(std::uint64_t word) noexcept {
    d ^= word;
    round();
    a ^= word;
  }
};

// Least byte first, whatever the machine. With `count` known a compiler makes
// one load of it.
std::uint64_t word_at(const char* from, std::size_t count) noexcept {
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < count; ++i)
    result |= std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
  return result;
}

std::uint64_t random_word() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

} // namespace

keyed_hash::keyed_hash() : keyed_hash(random_word(), random_word()) {
  // nop
}

std::uint64_t keyed_hash::operator()(std::string_view text) const noexcept {
  sip_state x{key0_ ^ 0x736f6d6570736575U, key1_ ^ 0x646f72616e646f6dU,
              key0_ ^ 0x6c7967656e657261U, key1_ ^ 0x7465646279746573U};
  const auto last = std::uint64_t{text.size()} << 56;
  for (; text.size() >= 8; text.remove_prefix(8))
    x.absorb(word_at(text.data(), 8));
  x.absorb(last | word_at(text.data(), text.size()));
  x.c ^= 0xff;
  for (int i = 0; i < 3; ++i)
    x.round();
  return x.a ^ x.b ^ x.c ^ x.d;
}

} // namespace clearance::protocol
