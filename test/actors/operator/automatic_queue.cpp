#include "actors/operator/automatic_queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace automatic_queue_tests {

using namespace clearance;
using namespace std::chrono_literals;
using actors::automatic_queue;

namespace {

constexpr auto rest = 1s;
const protocol::time_point start{100s};

// Takes and begins all that may begin at `at`.
std::vector<std::uint64_t> begun(automatic_queue& x, protocol::time_point at) {
  std::vector<std::uint64_t> result;
  while (const auto next = x.take(at)) {
    result.push_back(next->prompt);
    x.began(next->container, at);
  }
  return result;
}

using numbers = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("the containers take turns, and rest after each") {
  automatic_queue x{rest};
  CHECK(x.add(1, "a") == 1);
  CHECK(x.add(2, "a") == 2);
  CHECK(x.add(3, "b") == 1);
  CHECK(x.add(2, "a") == 2); // it is there
  CHECK(x.size() == 3);
  CHECK(begun(x, start) == numbers{1, 3});
  CHECK(x.due() == start + rest);
  CHECK(begun(x, start + rest - 1ms).empty());
  CHECK(begun(x, start + rest) == numbers{2});
  CHECK(x.size() == 0);
  CHECK(x.due() == protocol::time_point::max());
  // A container that has nothing left still rests.
  x.add(4, "a");
  CHECK(begun(x, start + rest + 1ms).empty());
  CHECK(begun(x, start + 2 * rest) == numbers{4});
}

TEST_CASE("what is not executed costs no rest") {
  automatic_queue x{rest};
  for (std::uint64_t i = 1; i <= 3; ++i)
    x.add(i, "a");
  CHECK(x.take(start)->prompt == 1);
  CHECK(x.take(start)->prompt == 2);
  // The container is still next although all was taken.
  CHECK(x.take(start)->prompt == 3);
  x.add(4, "a");
  CHECK(x.take(start)->prompt == 4);
  x.began("a", start);
  x.add(5, "a");
  CHECK_FALSE(x.take(start));
  CHECK(x.take(start + rest)->prompt == 5);
}

TEST_CASE("what does not wait any more is removed") {
  automatic_queue x{rest};
  for (std::uint64_t i = 1; i <= 10; ++i)
    x.add(i, "a");
  x.add(11, "b");
  x.keep("a", [](std::uint64_t each) { return each % 5 == 0; });
  x.keep("c", [](std::uint64_t) { return false; });
  CHECK(x.size() == 3);
  CHECK(begun(x, start) == numbers{5, 11});
  x.keep("a", [](std::uint64_t) { return false; });
  CHECK(x.size() == 0);
  CHECK(begun(x, start + rest).empty());
  // The containers were forgotten, and are known again.
  CHECK(x.add(12, "a") == 1);
  CHECK(begun(x, start + rest) == numbers{12});
}

TEST_CASE("a container whose prompts were all removed is skipped") {
  automatic_queue x{rest};
  x.add(1, "a");
  x.add(2, "b");
  x.keep("a", [](std::uint64_t) { return false; });
  CHECK(begun(x, start) == numbers{2});
  x.add(3, "a");
  CHECK(begun(x, start) == numbers{3});
}

// Against a machine that looks at everything each time.
TEST_CASE("a random history is as a simple machine has it") {
  std::uint32_t seed = 1;
  const auto random = [&seed](std::uint32_t below) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 16U) % below;
  };
  automatic_queue x{rest};
  std::vector<std::pair<std::uint64_t, std::string>> waiting;
  std::map<std::string, protocol::time_point> last;
  auto at = start;
  std::uint64_t number = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (random(2) == 0) {
      const auto container = std::string(1, static_cast<char>('a' + random(9)));
      x.add(++number, container);
      waiting.emplace_back(number, container);
    } else {
      at += std::chrono::milliseconds{random(200)};
      if (const auto next = x.take(at)) {
        const auto known =
            std::find_if(waiting.begin(), waiting.end(), [&](const auto& y) {
              return y.second == next->container;
            });
        REQUIRE(known != waiting.end());
        REQUIRE(known->first == next->prompt); // the oldest of its container
        waiting.erase(known);
        const auto before = last.find(next->container);
        if (before != last.end())
          REQUIRE(at - before->second >= rest);
        if (random(4) != 0) {
          x.began(next->container, at);
          last[next->container] = at;
        }
      } else {
        for (const auto& [each, container] : waiting)
          REQUIRE(at - last.at(container) < rest); // all of them rest
      }
    }
    REQUIRE(x.size() == waiting.size());
  }
}

} // namespace automatic_queue_tests
