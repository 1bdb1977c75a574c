#include "protocol/base/age_ring.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <set>
#include <vector>

namespace age_ring_tests {

namespace {

struct aged {
  std::uint64_t age = 0;
  bool ended = false;

  std::uint64_t number() const noexcept { return age; }
  bool has_ended() const noexcept { return ended; }
};

using ring = clearance::protocol::age_ring<aged>;
using numbers = std::vector<std::uint64_t>;

/// Of those that go on, from the oldest on.
numbers left(const ring& x) {
  numbers result;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!x[i].ended)
      result.push_back(x[i].age);
  return result;
}

ring made(const numbers& all) {
  ring result;
  for (auto age : all)
    result.push({age});
  return result;
}

void end(ring& x, std::uint64_t number) {
  auto* found = x.find(number);
  REQUIRE(found != nullptr);
  found->ended = true;
  x.note_end();
}

} // namespace

TEST_CASE("a ring is in order, whoever ends") {
  auto x = made({2, 3, 5, 7, 11});
  end(x, 5);
  CHECK(left(x) == numbers{2, 3, 7, 11});
  end(x, 2);
  CHECK(left(x) == numbers{3, 7, 11});
  CHECK(x[0].age == 3);
  end(x, 11);
  CHECK(left(x) == numbers{3, 7});
  x.push({13});
  end(x, 3);
  CHECK(x[0].age == 7); // the oldest one has not ended
  end(x, 13);
  end(x, 7);
  CHECK(x.empty());
}

TEST_CASE("one that has ended, and one that never was, is not found") {
  auto x = made({2, 4, 6, 8});
  CHECK(x.find(4)->age == 4);
  for (std::uint64_t absent : {0U, 1U, 3U, 9U})
    CHECK(x.find(absent) == nullptr);
  end(x, 4);
  CHECK(x.find(4) == nullptr);
  CHECK(x.find(6)->age == 6);
}

TEST_CASE("lower_bound names the oldest one that is old enough") {
  auto x = made({2, 4, 6, 8});
  CHECK(x.lower_bound(0) == 0);
  CHECK(x.lower_bound(2) == 0);
  CHECK(x.lower_bound(3) == 1);
  CHECK(x.lower_bound(8) == 3);
  CHECK(x.lower_bound(9) == 4);
  CHECK(ring{}.lower_bound(1) == 0);
}

TEST_CASE("those that have ended are never more than half, and the ring is its "
          "model") {
  for (unsigned seed : {1U, 2U, 3U, 4U}) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    ring x;
    std::set<std::uint64_t> model;
    std::uint64_t last = 0;
    for (int i = 0; i < 20000; ++i) {
      // Grows for a time, then shrinks, and so on.
      const bool grows = i / 500 % 2 == 0;
      if (model.empty() || random() % 8 < (grows ? 5U : 3U)) {
        last += 1 + random() % 3;
        x.push({last});
        model.insert(last);
      } else {
        auto chosen = model.begin();
        if (random() % 4 == 0)
          std::advance(chosen, random() % model.size());
        end(x, *chosen);
        model.erase(chosen);
      }
      REQUIRE(x.size() <= 2 * model.size() + 1);
      REQUIRE(x.empty() == model.empty());
      if (!model.empty())
        REQUIRE(x[0].age == *model.begin());
      if (i % 100 == 0)
        REQUIRE(left(x) == numbers(model.begin(), model.end()));
    }
  }
}

} // namespace age_ring_tests
