#include "protocol/base/flat_index.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace flat_index_tests {

using namespace clearance::protocol;

namespace {

bool holds(const flat_index& x, std::uint32_t hash, slot_link at) {
  return x.find(hash, [=](slot_link y) { return y == at; }) == at;
}

} // namespace

TEST_CASE("an empty index holds nothing and finds nothing") {
  flat_index x;
  CHECK(x.size() == 0);
  CHECK(!holds(x, 0, 0));
  CHECK(x.capacity() == 0);
}

TEST_CASE("objects of the same hash are told apart by the predicate") {
  flat_index x;
  for (slot_link at : {1U, 2U, 3U})
    x.insert(7, at);
  for (slot_link at : {1U, 2U, 3U})
    CHECK(holds(x, 7, at));
  CHECK(!holds(x, 7, 4));
  x.erase(7, 2); // between the others
  CHECK(holds(x, 7, 1));
  CHECK(!holds(x, 7, 2));
  CHECK(holds(x, 7, 3));
  CHECK(x.size() == 2);
}

TEST_CASE(
    "hashes that begin at one entry are told apart without the predicate") {
  flat_index x;
  x.insert(1, 10);
  x.insert(1 + 16, 11);
  auto any = [](slot_link) { return true; };
  CHECK(x.find(1, any) == 10);
  CHECK(x.find(1 + 16, any) == 11);
  CHECK(x.find(1 + 32, any) == no_slot);
}

TEST_CASE("another object takes an object's place") {
  flat_index x;
  x.insert(5, 1);
  x.insert(5, 2);
  x.replace(5, 1, 3);
  CHECK(!holds(x, 5, 1));
  CHECK(holds(x, 5, 2));
  CHECK(holds(x, 5, 3));
  CHECK(x.size() == 2);
}

TEST_CASE("an index grows with its objects and gives the memory back") {
  flat_index x;
  for (slot_link i = 0; i < 10000; ++i)
    x.insert(i * 31, i);
  CHECK(x.size() == 10000);
  CHECK(x.capacity() == 32768);
  for (slot_link i = 0; i < 10000; ++i)
    CHECK(holds(x, i * 31, i));
  for (slot_link i = 3; i < 10000; ++i)
    x.erase(i * 31, i);
  CHECK(x.capacity() <= 64);
  for (slot_link i = 0; i < 3; ++i)
    CHECK(holds(x, i * 31, i));
}

// If the table only marked erased entries, lookups would step over the marks of
// all entries that there ever were.
TEST_CASE("objects that come and go leave nothing behind") {
  flat_index x;
  for (slot_link i = 0; i < 100000; ++i) {
    x.insert(i, i);
    if (i >= 4)
      x.erase(i - 4, i - 4);
  }
  CHECK(x.size() == 4);
  CHECK(x.capacity() == 16);
  std::size_t asked = 0;
  x.find(50000 % 16, [&](slot_link) { return ++asked, false; });
  CHECK(asked <= 4);
}

TEST_CASE("links follow the objects") {
  flat_index x;
  x.insert(1, 4);
  x.insert(2, 7);
  x.follow({no_slot, no_slot, no_slot, no_slot, 0, no_slot, no_slot, 1});
  CHECK(holds(x, 1, 0));
  CHECK(holds(x, 2, 1));
}

// Few different hashes, all at the end of the array: searches overlap and
// continue at the beginning of the array.
TEST_CASE("an index is a set of pairs, however they crowd") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random{seed};
    flat_index x;
    std::set<std::pair<std::uint32_t, slot_link>> model;
    for (int i = 0; i < 2000; ++i) {
      std::pair<std::uint32_t, slot_link> pair{
          static_cast<std::uint32_t>(-4) + random() % 8, random() % 6};
      if (model.insert(pair).second) {
        x.insert(pair.first, pair.second);
      } else {
        x.erase(pair.first, pair.second);
        model.erase(pair);
      }
      REQUIRE(x.size() == model.size());
      for (std::uint32_t h = 0; h < 8; ++h)
        for (slot_link at = 0; at < 6; ++at) {
          auto hash = static_cast<std::uint32_t>(-4) + h;
          REQUIRE(holds(x, hash, at) == (model.count({hash, at}) > 0));
        }
    }
  }
}

} // namespace flat_index_tests
