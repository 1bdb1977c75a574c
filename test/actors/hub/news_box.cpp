#include "actors/hub/news_box.hpp"

#include "protocol/operator/limits.hpp"
#include "test/support/wire/events.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace news_box_tests {

using namespace clearance;
using namespace clearance::actors;
using namespace clearance::test;

namespace {

constexpr auto waiting_max = protocol::operator_limits::news_waiting_max_bytes;

struct box_stage {
  news_box box;

  /// A batch of so many blocks; the generation of block `i` is `first` + i.
  void batch(std::size_t count, std::uint64_t first,
             std::vector<std::uint64_t> evicted_by_the_first = {}) {
    const auto events = batch_of(blocks(1, static_cast<int>(count)));
    box.begin(count);
    for (auto x : evicted_by_the_first)
      box.note_eviction(x);
    for (std::size_t i = 0; i < count; ++i)
      box.note({{first + i}, 7});
    box.end(events, 3, protocol::time_point{std::chrono::seconds{first}});
  }

  void verdict(const std::string& container) {
    verdict_executed x;
    x.container = container;
    box.add(std::move(x));
  }

  /// What is taken, in words.
  std::string taken(std::uint64_t until = news_box::all) {
    std::string result;
    box.take(
        until,
        [&](const news_box::batch& x) {
          REQUIRE_EQ(x.bound.size(), x.events->size());
          CHECK_EQ(x.subscribers, 3);
          CHECK_EQ(x.bound[0].container, 7);
          const auto first = x.bound[0].request.generation;
          CHECK(x.at == protocol::time_point{std::chrono::seconds{first}});
          result += std::to_string(first) + "+" + std::to_string(x.bound.size())
                    + " ";
          for (const auto& y : x.evicted)
            result += "-" + std::to_string(y.generation) + "@"
                      + std::to_string(y.event) + " ";
        },
        [&](const verdict_executed& x) { result += x.container + " "; });
    return result;
  }
};

} // namespace

TEST_CASE("news are taken once, in order") {
  box_stage s;
  s.batch(2, 10, {4, 5});
  s.verdict("web");
  s.batch(1, 12);
  CHECK_EQ(s.taken(), "10+2 -4@0 -5@0 web 12+1 ");
  CHECK(s.box.empty());
  CHECK_EQ(s.taken(), "");
  s.batch(3, 13, {10});
  CHECK_EQ(s.taken(), "13+3 -10@0 ");
  CHECK_EQ(s.box.missed(), 0);
}

TEST_CASE("news can be taken up to a moment") {
  box_stage s;
  s.batch(1, 1);
  s.verdict("web");
  const auto then = s.box.sequence();
  s.batch(1, 2);
  CHECK_EQ(s.taken(then), "1+1 web ");
  CHECK_EQ(s.taken(then), "");
  s.batch(1, 3);
  CHECK_EQ(s.taken(), "2+1 3+1 ");
  const auto now = s.box.sequence();
  CHECK_EQ(now, 4);
  s.batch(1, 4);
  CHECK_EQ(s.taken(now), "");
  CHECK_EQ(s.taken(now + 1), "4+1 ");
}

TEST_CASE("somebody who wants to know is told of each batch, once") {
  box_stage s;
  s.box.be_eager(true);
  CHECK_FALSE(s.box.wakes());
  s.batch(1, 1);
  CHECK(s.box.wakes());
  s.batch(1, 2);
  CHECK_FALSE(s.box.wakes());
  s.taken();
  CHECK_FALSE(s.box.wakes());
  s.batch(1, 3);
  CHECK(s.box.wakes());
  // The message could not be sent.
  s.box.sleep();
  CHECK(s.box.wakes());
}

TEST_CASE("else news wait until they have the size of the limit") {
  box_stage s;
  for (int round = 0; round < 3; ++round) {
    std::uint64_t generation = 0;
    std::size_t bytes = 0;
    while (!s.box.wakes()) {
      REQUIRE_LT(bytes, waiting_max);
      s.batch(10, ++generation);
      bytes += batch_of(blocks(1, 10))->bytes();
    }
    CHECK_GT(bytes, waiting_max / 2);
    s.taken();
  }
}

} // namespace news_box_tests
