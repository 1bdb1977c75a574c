// Why not a library: only tokens are hashed here, so neither speed nor a second
// algorithm is needed, and libcrypto alone would take a fifth of the memory
// that the gate may use.

#include "protocol/text/sha256.hpp"

#include "protocol/text/secret.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace clearance::protocol {

namespace {

using word = std::uint32_t;
using state = std::array<word, 8>;
using block = std::array<char, 64>;

// FIPS 180-4, 4.2.2: the fractions of the cube roots of the first 64 primes.
constexpr std::array<word, 64> round_constants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// 5.3.3: the fractions of the square roots of the first eight primes.
constexpr state initial{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

constexpr word big_endian(const char* p) noexcept {
  word result = 0;
  for (int i = 0; i < 4; ++i)
    result = (result << 8) | static_cast<unsigned char>(p[i]);
  return result;
}

// 6.2.2; the variables have the names that are used there.
void compress(state& hash, const block& bytes) noexcept {
  std::array<word, 64> w;
  for (std::size_t t = 0; t < 16; ++t)
    w[t] = big_endian(&bytes[4 * t]);
  for (std::size_t t = 16; t < 64; ++t) {
    const auto x = w[t - 15];
    const auto y = w[t - 2];
    const auto s0 = std::rotr(x, 7) ^ std::rotr(x, 18) ^ (x >> 3);
    const auto s1 = std::rotr(y, 17) ^ std::rotr(y, 19) ^ (y >> 10);
    w[t] = s1 + w[t - 7] + s0 + w[t - 16];
  }
  auto [a, b, c, d, e, f, g, h] = hash;
  for (std::size_t t = 0; t < 64; ++t) {
    const auto s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const auto t1 = h + s1 + ((e & f) ^ (~e & g)) + round_constants[t] + w[t];
    const auto s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const auto t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const state sum{a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < hash.size(); ++i)
    hash[i] += sum[i];
  // Wipe `w`: its first words are the message itself.
  for (auto& x : w)
    *const_cast<volatile word*>(&x) = 0;
}

} // namespace

sha256_digest sha256(std::string_view bytes) noexcept {
  auto hash = initial;
  block last{};
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (; bytes.size() >= last.size(); bytes.remove_prefix(last.size())) {
    std::copy_n(bytes.begin(), last.size(), last.begin());
    compress(hash, last);
  }
  // 5.1.1: append a one bit, zeros, and the length in the last eight bytes.
  last.fill(0);
  std::copy(bytes.begin(), bytes.end(), last.begin());
  last[bytes.size()] = static_cast<char>(0x80);
  if (bytes.size() >= 56) {
    compress(hash, last);
    last.fill(0);
  }
  for (std::size_t i = 0; i < 8; ++i)
    last[56 + i] = static_cast<char>((bits >> (56 - 8 * i)) & 0xff);
  compress(hash, last);
  wipe(last);
  sha256_digest result;
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] =
        static_cast<std::uint8_t>((hash[i / 4] >> (24 - 8 * (i % 4))) & 0xff);
  return result;
}

std::optional<sha256_digest> parse_sha256(std::string_view hex) noexcept {
  sha256_digest result{};
  if (hex.size() != 2 * result.size())
    return std::nullopt;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const auto c = hex[i];
    int digit = 0;
    if (c >= '0' && c <= '9')
      digit = c - '0';
    else if (c >= 'a' && c <= 'f')
      digit = c - 'a' + 10;
    else if (c >= 'A' && c <= 'F')
      digit = c - 'A' + 10;
    else
      return std::nullopt;
    auto& x = result[i / 2];
    x = static_cast<std::uint8_t>(x * 16 + digit);
  }
  return result;
}

bool equal_in_constant_time(const sha256_digest& a,
                            const sha256_digest& b) noexcept {
  volatile unsigned differences = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    differences = differences | static_cast<unsigned>(a[i] ^ b[i]);
  return differences == 0;
}

} // namespace clearance::protocol
