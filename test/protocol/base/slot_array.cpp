#include "protocol/base/slot_array.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

namespace slot_array_tests {

using namespace clearance::protocol;

namespace {

template <class T>
struct object {
  T value{};
  slot_link link = no_slot;
};

template <class T>
using array_of = slot_array<object<T>, &object<T>::link>;

} // namespace

TEST_CASE("the slot that was given back last is taken next") {
  array_of<std::string> x;
  for (slot_link i = 0; i < 3; ++i)
    CHECK(x.take() == i);
  CHECK(x.size() == 3);
  x.give_back(0);
  x.give_back(2);
  CHECK(x.size() == 1);
  CHECK(x.take() == 2);
  CHECK(x.take() == 0);
  CHECK(x.take() == 3);
}

TEST_CASE("what a slot held is gone when it is given back") {
  array_of<std::shared_ptr<int>> x;
  auto held = std::make_shared<int>(1);
  auto at = x.take();
  x[at].value = held;
  x.give_back(at);
  CHECK(held.use_count() == 1);
  CHECK(x[x.take()].value == nullptr);
}

TEST_CASE("growing moves nothing and spares less than a piece") {
  array_of<int> x;
  const auto* first = &x[x.take()].value;
  for (std::size_t n = 2; n <= 10000; ++n) {
    x[x.take()].value = static_cast<int>(n);
    CHECK(x.capacity() < n + 64);
  }
  CHECK(first == &x[0].value);
  for (slot_link i = 1; i < 10000; ++i)
    CHECK(x[i].value == static_cast<int>(i) + 1);
}

TEST_CASE("compacting keeps the order and says where each object is now") {
  array_of<std::string> x;
  for (int i = 0; i < 1000; ++i)
    x[x.take()].value = std::to_string(i);
  CHECK(!x.sparse());
  for (slot_link i = 0; i < 1000; ++i)
    if (i % 10 != 3)
      x.give_back(i);
  CHECK(x.sparse());
  auto moved = x.compact();
  CHECK(!x.sparse());
  CHECK(x.size() == 100);
  CHECK(x.capacity() == 128);
  REQUIRE(moved.size() == 1000);
  for (slot_link i = 0; i < 1000; ++i) {
    if (i % 10 == 3)
      CHECK(x[moved[i]].value == std::to_string(i));
    else
      CHECK(moved[i] == no_slot);
  }
  CHECK(x.take() == 100);
  CHECK(x[100].value.empty()); // as good as new
  CHECK(x[100].link == no_slot);
}

TEST_CASE("an array of which all is given back holds nothing") {
  array_of<std::string> x;
  for (int i = 0; i < 100; ++i)
    x.take();
  for (slot_link i = 0; i < 100; ++i)
    x.give_back(i);
  CHECK(x.sparse());
  x.compact();
  CHECK(x.size() == 0);
  CHECK(x.capacity() == 0);
  CHECK(x.take() == 0);
}

} // namespace slot_array_tests
