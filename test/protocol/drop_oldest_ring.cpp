#include "protocol/drop_oldest_ring.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace clearance::protocol;

namespace {

struct length {
  std::size_t operator()(const std::string& x) const { return x.size(); }
};

using ring = drop_oldest_ring<std::string, length>;

template <class Ring>
std::vector<std::string> drain(Ring& x) {
  std::vector<std::string> result;
  while (!x.empty())
    result.push_back(x.pop());
  return result;
}

using strings = std::vector<std::string>;

} // namespace

TEST_CASE("what fits comes out in order") {
  ring x{3, 100};
  CHECK(x.empty());
  CHECK(x.push("a") == 0);
  CHECK(x.push("b") == 0);
  CHECK(x.push("c") == 0);
  CHECK(x.size() == 3);
  CHECK(x.bytes() == 3);
  CHECK(drain(x) == strings{"a", "b", "c"});
  CHECK(x.dropped() == 0);
  CHECK(x.bytes() == 0);
}

TEST_CASE("one element too many drops the oldest") {
  ring x{3, 100};
  for (auto s : {"a", "b", "c"})
    x.push(s);
  CHECK(x.push("d") == 1);
  CHECK(x.size() == 3);
  CHECK(x.dropped() == 1);
  CHECK(drain(x) == strings{"b", "c", "d"});
}

TEST_CASE("one byte too many drops as many of the oldest as it takes") {
  ring x{10, 10};
  CHECK(x.push("12345") == 0);
  CHECK(x.push("1234") == 0);
  CHECK(x.push("x") == 0); // exactly full
  CHECK(x.bytes() == 10);
  CHECK(x.push("y") == 1);
  CHECK(x.bytes() == 6);
  CHECK(x.push("1234567") == 1);
  CHECK(x.bytes() == 9);
  CHECK(x.dropped() == 2);
  CHECK(drain(x) == strings{"x", "y", "1234567"});
}

TEST_CASE("an element larger than the bound is kept alone") {
  ring x{10, 4};
  x.push("a");
  x.push("b");
  CHECK(x.push("12345") == 2);
  CHECK(x.size() == 1);
  CHECK(x.bytes() == 5);
  CHECK(x.push("c") == 1);
  CHECK(drain(x) == strings{"c"});
}

TEST_CASE("a million pushes into a full ring keep the newest unbroken") {
  ring x{128, 1 << 20};
  for (int i = 0; i < 1000000; ++i)
    x.push(std::to_string(i));
  CHECK(x.dropped() == 1000000 - 128);
  for (int i = 1000000 - 128; i < 1000000; ++i)
    CHECK(x.pop() == std::to_string(i));
  CHECK(x.empty());
}

TEST_CASE("pushing and popping in turn goes round the ring") {
  ring x{3, 100};
  std::size_t next = 0;
  std::size_t expected = 0;
  for (int round = 0; round < 100; ++round) {
    x.push(std::to_string(next++));
    x.push(std::to_string(next++));
    CHECK(x.pop() == std::to_string(expected++));
    CHECK(x.pop() == std::to_string(expected++));
  }
  CHECK(x.dropped() == 0);
}

namespace {

struct no_size {
  std::size_t operator()(const std::shared_ptr<int>&) const { return 1; }
};

} // namespace

TEST_CASE("what is popped, dropped or cleared is let go at once") {
  drop_oldest_ring<std::shared_ptr<int>, no_size> x{2, 100};
  auto popped = std::make_shared<int>(1);
  auto dropped = std::make_shared<int>(2);
  auto cleared = std::make_shared<int>(3);
  x.push(popped);
  CHECK(x.pop() == popped);
  CHECK(popped.use_count() == 1);
  x.push(dropped);
  x.push(cleared);
  x.push(nullptr);
  CHECK(dropped.use_count() == 1);
  CHECK(cleared.use_count() == 2);
  x.clear();
  CHECK(cleared.use_count() == 1);
  CHECK(x.empty());
  CHECK(x.bytes() == 0);
  CHECK(x.dropped() == 1); // clearing is no dropping
}
