#include "protocol/gate/token_mark.hpp"

#include <doctest/doctest.h>

namespace token_mark_tests {

using namespace clearance::protocol;

TEST_CASE("a token's mark is the start of its digest") {
  // SHA-256 of the empty text, as everybody knows it.
  CHECK_EQ(token_mark(sha256("")), "e3b0c442");
  CHECK(is_token_mark("e3b0c442"));
  for (const auto* bad : {"", "e3b0c44", "e3b0c4420", "E3B0C442", "e3b0c44g"})
    CHECK_FALSE(is_token_mark(bad));
}

} // namespace token_mark_tests
