#include "protocol/base/drop_oldest_ring.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace drop_oldest_ring_tests {

using namespace clearance::protocol;

namespace {

using strings = std::vector<std::string>;

/// A batch whose elements are strings.
struct strings_batch {
  strings elements;

  std::size_t size() const { return elements.size(); }
  std::size_t bytes(std::size_t from, std::size_t to) const {
    std::size_t result = 0;
    for (; from < to; ++from)
      result += elements[from].size();
    return result;
  }
};

using ring = drop_oldest_ring<strings_batch>;

std::shared_ptr<const strings_batch> batch(strings elements) {
  return std::make_shared<const strings_batch>(
      strings_batch{std::move(elements)});
}

std::size_t push(ring& x, std::string element) {
  return x.push(batch({std::move(element)}));
}

strings pop(ring& x, std::size_t max) {
  auto y = x.pop(max);
  auto begin = y.batch->elements.begin();
  return {begin + static_cast<std::ptrdiff_t>(y.from),
          begin + static_cast<std::ptrdiff_t>(y.to)};
}

strings drain(ring& x) {
  strings result;
  while (!x.empty())
    for (auto& element : pop(x, x.size()))
      result.push_back(std::move(element));
  return result;
}

} // namespace

TEST_CASE("elements that fit come out in order") {
  ring x{3, 100};
  CHECK(x.empty());
  CHECK(push(x, "a") == 0);
  CHECK(push(x, "b") == 0);
  CHECK(push(x, "c") == 0);
  CHECK(x.size() == 3);
  CHECK(x.bytes() == 3);
  CHECK(drain(x) == strings{"a", "b", "c"});
  CHECK(x.dropped() == 0);
  CHECK(x.bytes() == 0);
}

TEST_CASE("one element too many drops the oldest") {
  ring x{3, 100};
  for (auto s : {"a", "b", "c"})
    push(x, s);
  CHECK(push(x, "d") == 1);
  CHECK(x.size() == 3);
  CHECK(x.dropped() == 1);
  CHECK(drain(x) == strings{"b", "c", "d"});
}

TEST_CASE("one byte too many drops as many of the oldest as are needed") {
  ring x{10, 10};
  CHECK(push(x, "12345") == 0);
  CHECK(push(x, "1234") == 0);
  CHECK(push(x, "x") == 0); // exactly full
  CHECK(x.bytes() == 10);
  CHECK(push(x, "y") == 1);
  CHECK(x.bytes() == 6);
  CHECK(push(x, "1234567") == 1);
  CHECK(x.bytes() == 9);
  CHECK(x.dropped() == 2);
  CHECK(drain(x) == strings{"x", "y", "1234567"});
}

TEST_CASE("an element larger than the bound is kept alone") {
  ring x{10, 4};
  push(x, "a");
  push(x, "b");
  CHECK(push(x, "12345") == 2);
  CHECK(x.size() == 1);
  CHECK(x.bytes() == 5);
  CHECK(push(x, "c") == 1);
  CHECK(drain(x) == strings{"c"});
}

TEST_CASE("lowering a limit drops the oldest, raising it drops nothing") {
  ring x{3, 100};
  CHECK(x.push(batch({"a", "b", "c"})) == 0);
  CHECK(x.bound(5, 100) == 0);
  CHECK(x.push(batch({"d", "e"})) == 0);
  CHECK(x.bound(4, 100) == 1);
  CHECK(x.bound(4, 2) == 2);
  CHECK(x.dropped() == 3);
  CHECK(drain(x) == strings{"d", "e"});
}

TEST_CASE("a batch larger than the ring loses its own oldest") {
  ring x{3, 100};
  push(x, "a");
  CHECK(x.push(batch({"b", "c", "d", "e"})) == 2);
  CHECK(drain(x) == strings{"c", "d", "e"});
}

TEST_CASE("an empty batch takes no room") {
  ring x{3, 100};
  CHECK(x.push(batch({})) == 0);
  CHECK(x.empty());
}

TEST_CASE("a batch comes out whole, or as many elements as were asked for") {
  ring x{10, 100};
  x.push(batch({"a", "b", "c", "d"}));
  x.push(batch({"e"}));
  CHECK(pop(x, 2) == strings{"a", "b"});
  CHECK(x.size() == 3);
  CHECK(x.bytes() == 3);
  // the elements that belong to one batch, and no more
  CHECK(pop(x, 10) == strings{"c", "d"});
  CHECK(pop(x, 10) == strings{"e"});
  CHECK(x.empty());
}

// However the elements are divided into batches, the newest that fit are kept.
TEST_CASE("batches of any size leave the same elements as single elements do") {
  const strings all{"1", "22", "333", "55555", "1", "1", "4444", "22", "1"};
  for (std::size_t cut = 1; cut < all.size(); ++cut) {
    ring one_by_one{4, 8};
    ring in_batches{4, 8};
    for (std::size_t i = 0; i < all.size(); i += cut) {
      strings some;
      for (auto j = i; j < std::min(i + cut, all.size()); ++j) {
        push(one_by_one, all[j]);
        some.push_back(all[j]);
      }
      in_batches.push(batch(some));
      CHECK(in_batches.size() == one_by_one.size());
      CHECK(in_batches.bytes() == one_by_one.bytes());
      CHECK(in_batches.dropped() == one_by_one.dropped());
    }
    CHECK(drain(in_batches) == drain(one_by_one));
  }
}

TEST_CASE("a million pushes into a full ring keep the newest unbroken") {
  ring x{128, 1 << 20};
  for (int i = 0; i < 1000000; ++i)
    push(x, std::to_string(i));
  CHECK(x.dropped() == 1000000 - 128);
  for (int i = 1000000 - 128; i < 1000000; ++i)
    CHECK(pop(x, 1) == strings{std::to_string(i)});
  CHECK(x.empty());
}

TEST_CASE("pushing and popping in turn goes round the ring") {
  ring x{3, 100};
  std::size_t next = 0;
  std::size_t expected = 0;
  for (int round = 0; round < 100; ++round) {
    push(x, std::to_string(next++));
    push(x, std::to_string(next++));
    CHECK(pop(x, 1) == strings{std::to_string(expected++)});
    CHECK(pop(x, 1) == strings{std::to_string(expected++)});
  }
  CHECK(x.dropped() == 0);
}

TEST_CASE("elements that are popped, dropped or cleared are released at once") {
  ring x{2, 100};
  auto popped = batch({"a"});
  auto dropped = batch({"b"});
  auto cleared = batch({"c", "d"});
  x.push(popped);
  pop(x, 1);
  CHECK(popped.use_count() == 1);
  x.push(dropped);
  x.push(cleared);
  CHECK(dropped.use_count() == 1);
  pop(x, 1);
  CHECK(cleared.use_count() == 2);
  x.clear();
  CHECK(cleared.use_count() == 1);
  CHECK(x.empty());
  CHECK(x.bytes() == 0);
  CHECK(x.dropped() == 1); // clear() does not count as dropping
}

} // namespace drop_oldest_ring_tests
