#include "protocol/json/strict_json.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace json_number_tests {

namespace {

using clearance::protocol::integer_part;
using clearance::protocol::is_json_number;

constexpr auto min = std::numeric_limits<std::int64_t>::min();
constexpr auto max = std::numeric_limits<std::int64_t>::max();

} // namespace

TEST_CASE("numbers of RFC 8259 are numbers") {
  for (const char* text :
       {"0", "-0", "7", "-12", "1.50", "0.0", "1e5", "1E+5", "1e-5", "-0.5e00",
        "123456789012345678901234567890", "1e999", "0e0", "10"}) {
    CAPTURE(text);
    CHECK(is_json_number(text));
  }
}

TEST_CASE("texts that only look like numbers are not numbers") {
  for (const char* text :
       {"",    "-",        "+1",        "01",  "-01",   "00",   ".5",
        "1.",  "1.e5",     "1e",        "1e+", "1e1.5", "0x10", "1_000",
        "NaN", "Infinity", "-Infinity", "1 ",  " 1",    "1a",   "1\"",
        "--1", "1e5e5",    "1.5.5",     "1-"}) {
    CAPTURE(text);
    CHECK_FALSE(is_json_number(text));
    CHECK(integer_part(text) == std::nullopt);
  }
}

TEST_CASE("an integer is accepted up to both ends of its range") {
  CHECK(integer_part("0") == 0);
  CHECK(integer_part("-0") == 0);
  CHECK(integer_part("443") == 443);
  CHECK(integer_part("9223372036854775807") == max);
  CHECK(integer_part("-9223372036854775808") == min);
  CHECK(integer_part("9223372036854775808") == std::nullopt);
  CHECK(integer_part("-9223372036854775809") == std::nullopt);
  CHECK(integer_part("9223372036854775810") == std::nullopt);
  CHECK(integer_part("18446744073709551616") == std::nullopt);
  CHECK(integer_part("92233720368547758070") == std::nullopt);
}

TEST_CASE("a fraction is cut off toward zero") {
  CHECK(integer_part("1.9") == 1);
  CHECK(integer_part("-1.9") == -1);
  CHECK(integer_part("0.99999999999999999999999999") == 0);
  CHECK(integer_part("-0.5") == 0);
  CHECK(integer_part("9223372036854775807.9") == max);
  CHECK(integer_part("-9223372036854775808.9") == min);
  CHECK(integer_part("9223372036854775808.0") == std::nullopt);
}

TEST_CASE("an exponent may move the point by any distance") {
  CHECK(integer_part("1e3") == 1000);
  CHECK(integer_part("1.5e1") == 15);
  CHECK(integer_part("1.2345E+2") == 123);
  CHECK(integer_part("12345e-2") == 123);
  CHECK(integer_part("-12345e-9") == 0);
  CHECK(integer_part("0.0009e4") == 9);
  CHECK(integer_part("922337203685477580.7e1") == max);
  CHECK(integer_part("1e18") == 1'000'000'000'000'000'000);
  CHECK(integer_part("1e19") == std::nullopt);
  CHECK(integer_part("1e400") == std::nullopt);
  CHECK(integer_part("1e-400") == 0);
  CHECK(integer_part("1e99999999999999999999") == std::nullopt);
  CHECK(integer_part("1e-99999999999999999999") == 0);
}

TEST_CASE("a number with many digits is neither slow nor wrong") {
  CHECK(integer_part("0e99999999999999999999") == 0);
  CHECK(integer_part("0." + std::string(100'000, '0') + "7e100001") == 7);
  CHECK(integer_part("7" + std::string(100'000, '0') + "e-100000") == 7);
  CHECK(integer_part(std::string(100'000, '9')) == std::nullopt);
}

} // namespace json_number_tests
