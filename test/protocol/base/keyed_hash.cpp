#include "protocol/base/keyed_hash.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace keyed_hash_tests {

using clearance::protocol::keyed_hash;

// Made by CPython 3.11, whose hash of bytes is SipHash-1-3, with
// PYTHONHASHSEED=0, which makes both keys 0.
TEST_CASE("the hash is SipHash-1-3") {
  keyed_hash hash{0, 0};
  CHECK(hash("a") == 4644417185603328019U);
  CHECK(hash("abcdefg") == 7904145750247929094U);
  CHECK(hash("abcdefgh") == 4574395652268504554U);
  CHECK(hash("mixed-of-all:0000123") == 395920312770676753U);
}

TEST_CASE("texts of NULs only differ by their length") {
  keyed_hash hash{1, 2};
  std::set<std::uint64_t> seen;
  for (std::size_t n = 0; n < 40; ++n)
    seen.insert(hash(std::string(n, '\0')));
  CHECK(seen.size() == 40);
}

TEST_CASE("either key makes another hash") {
  CHECK(keyed_hash{1, 2}("text") != keyed_hash{1, 3}("text"));
  CHECK(keyed_hash{1, 2}("text") != keyed_hash{4, 2}("text"));
  CHECK(keyed_hash{1, 2}("text") == keyed_hash{1, 2}("text"));
}

TEST_CASE("two objects have different keys") {
  CHECK(keyed_hash{}("text") != keyed_hash{}("text"));
}

} // namespace keyed_hash_tests
