#include "protocol/text/sha256.hpp"

#include <doctest/doctest.h>

#include <string>

namespace sha256_tests {

using namespace clearance::protocol;

namespace {

std::string hex(const sha256_digest& x) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (auto byte : x) {
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result;
}

} // namespace

// NIST's examples for FIPS 180-4, and lengths at which the padding needs one
// more block. The expected values come from sha256sum.
TEST_CASE("digests are those of the standard") {
  CHECK_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934c"
                            "a495991b7852b855");
  CHECK_EQ(hex(sha256("abc")),
           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK_EQ(
      hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK_EQ(hex(sha256(std::string(1'000'000, 'a'))),
           "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK_EQ(hex(sha256(std::string(55, 'x'))),
           "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072");
  CHECK_EQ(hex(sha256(std::string(56, 'x'))),
           "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e");
  CHECK_EQ(hex(sha256(std::string(63, 'x'))),
           "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2");
  CHECK_EQ(hex(sha256(std::string(64, 'x'))),
           "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c");
  CHECK_EQ(hex(sha256(std::string(65, 'x'))),
           "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9");
  CHECK_EQ(hex(sha256("\x80\xff")),
           "d87d01642f47a0d1901b1dfd2331c9def1bcfc69d8835c6cd911fe4165b804e4");
}

TEST_CASE("64 hexadecimal digits, small or capital, are a digest") {
  const auto text = hex(sha256("abc"));
  CHECK(parse_sha256(text) == sha256("abc"));
  auto upper = text;
  upper[0] = 'B';
  CHECK(parse_sha256(upper) == sha256("abc"));
  CHECK_FALSE(parse_sha256(text.substr(1)));
  CHECK_FALSE(parse_sha256(text + "0"));
  CHECK_FALSE(parse_sha256(""));
  for (std::size_t i = 0; i < text.size(); ++i)
    for (const char c : {'g', 'G', '/', ':', '@', '`', ' ', '\0', '\xff'}) {
      auto bad = text;
      bad[i] = c;
      CHECK_FALSE(parse_sha256(bad));
    }
}

TEST_CASE("digests differ if any bit differs") {
  const auto a = sha256("abc");
  CHECK(equal_in_constant_time(a, a));
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto b = a;
    b[i] ^= 0x80;
    CHECK_FALSE(equal_in_constant_time(a, b));
  }
}

} // namespace sha256_tests
