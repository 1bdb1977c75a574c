#include "protocol/base/chained_index.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <string>

namespace chained_index_tests {

using namespace clearance::protocol;

namespace {

struct item {
  std::size_t hash = 0;
  int name = 0;
  item* chain = nullptr;
};

struct hook {
  static item*& next(item& x) noexcept { return x.chain; }
  static std::size_t hash(const item& x) noexcept { return x.hash; }
};

using index = chained_index<item, hook>;

item* find(const index& x, std::size_t hash, int name) {
  return x.find(hash, [=](const item& y) { return y.name == name; });
}

} // namespace

TEST_CASE("an empty index holds nothing and finds nothing") {
  index x;
  CHECK(x.size() == 0);
  CHECK(x.any() == nullptr);
  CHECK(find(x, 0, 0) == nullptr);
}

TEST_CASE("objects of the same hash are told apart by the predicate") {
  index x;
  item a{7, 1};
  item b{7, 2};
  item c{7, 3};
  for (auto* y : {&a, &b, &c})
    x.insert(*y);
  for (auto* y : {&a, &b, &c})
    CHECK(find(x, 7, y->name) == y);
  CHECK(find(x, 7, 4) == nullptr);
  x.erase(b); // from the middle of the chain
  CHECK(find(x, 7, 1) == &a);
  CHECK(find(x, 7, 2) == nullptr);
  CHECK(find(x, 7, 3) == &c);
  CHECK(x.size() == 2);
}

TEST_CASE("objects with different hashes in one bucket are found by hash") {
  index x;
  item a{1, 0};
  item b{1 + 16, 0};
  x.insert(a);
  x.insert(b);
  CHECK(find(x, 1, 0) == &a);
  CHECK(find(x, 1 + 16, 0) == &b);
  CHECK(find(x, 1 + 32, 0) == nullptr);
}

TEST_CASE("an index grows with its objects and gives the memory back") {
  index x;
  std::deque<item> items;
  for (int i = 0; i < 10000; ++i)
    x.insert(items.emplace_back(item{static_cast<std::size_t>(i) * 31, i}));
  CHECK(x.size() == 10000);
  CHECK(x.buckets() >= 10000);
  CHECK(x.buckets() <= 20000);
  for (auto& y : items)
    CHECK(find(x, y.hash, y.name) == &y);
  while (items.size() > 3) {
    x.erase(items.front());
    x.shrink();
    items.pop_front();
  }
  CHECK(x.buckets() <= 32);
  for (auto& y : items)
    CHECK(find(x, y.hash, y.name) == &y);
}

TEST_CASE("any() finds an object as long as there is one") {
  index x;
  std::deque<item> items;
  for (int i = 0; i < 100; ++i)
    x.insert(items.emplace_back(item{static_cast<std::size_t>(i), i}));
  std::size_t n = 0;
  for (; auto* y = x.any(); ++n)
    x.erase(*y);
  CHECK(n == 100);
  CHECK(x.size() == 0);
}

TEST_CASE("an object that was erased may be inserted again") {
  index x;
  item a{3, 1};
  x.insert(a);
  x.erase(a);
  CHECK(find(x, 3, 1) == nullptr);
  a.hash = 4;
  x.insert(a);
  CHECK(find(x, 4, 1) == &a);
}

} // namespace chained_index_tests
