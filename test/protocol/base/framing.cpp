#include "protocol/base/framing.hpp"

#include "protocol/base/limits.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace framing_tests {

namespace {

using namespace clearance::protocol;
using overflow = framer::overflow;
using frames = std::vector<std::string>;

constexpr std::size_t max_bytes = 8;

framer small(overflow policy) {
  return {'\n', max_bytes, policy};
}

frames frames_of(const frame_batch& batch) {
  frames result;
  for (std::size_t i = 0; i < batch.size(); ++i)
    result.emplace_back(batch.at(i));
  return result;
}

/// All frames and counts that a stream led to.
struct outcome {
  frames whole;
  std::uint64_t dropped = 0;
  bool ok = true;

  friend bool operator==(const outcome&, const outcome&) = default;
};

outcome run(framer machine, const std::vector<std::string_view>& pieces) {
  frame_batch batch;
  outcome result;
  for (auto piece : pieces) {
    result.ok = machine.feed(piece, batch);
    CHECK(machine.pending() <= max_bytes);
  }
  machine.finish(batch);
  CHECK(machine.pending() == 0);
  result.whole = frames_of(batch);
  result.dropped = machine.dropped();
  return result;
}

/// Feeds the bytes whole, cut at every byte, cut at every two bytes, and byte
/// by byte.
void check_however_cut(overflow policy, std::string_view bytes,
                       const outcome& expected) {
  CAPTURE(bytes);
  CHECK(run(small(policy), {bytes}) == expected);
  for (std::size_t i = 0; i <= bytes.size(); ++i)
    for (auto j = i; j <= bytes.size(); ++j) {
      CAPTURE(i);
      CAPTURE(j);
      CHECK(run(small(policy),
                {bytes.substr(0, i), bytes.substr(i, j - i), bytes.substr(j)})
            == expected);
    }
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    single.push_back(bytes.substr(i, 1));
  CHECK(run(small(policy), single) == expected);
}

} // namespace

TEST_CASE("frames are the same however the stream is cut") {
  for (auto policy : {overflow::drop, overflow::fail}) {
    check_however_cut(policy, "", {{}});
    check_however_cut(policy, "ab\ncd\n", {{"ab", "cd"}});
    check_however_cut(policy, "\n\na\n\n", {{"", "", "a", ""}});
  }
}

TEST_CASE("a last frame without delimiter counts at the end of the stream") {
  check_however_cut(overflow::drop, "a\nbc", {{"a", "bc"}});
  check_however_cut(overflow::drop, "a\n", {{"a"}});
}

TEST_CASE("a frame of exactly the limit is served") {
  for (auto policy : {overflow::drop, overflow::fail}) {
    check_however_cut(policy, "12345678\n", {{"12345678"}});
    check_however_cut(policy, "12345678", {{"12345678"}});
    check_however_cut(policy, "a\n12345678\nb\n", {{"a", "12345678", "b"}});
  }
}

TEST_CASE(
    "a frame of one byte more is dropped and counted, and the next is served") {
  check_however_cut(overflow::drop, "123456789\n", {{}, 1});
  check_however_cut(overflow::drop, "a\n123456789\nb\n", {{"a", "b"}, 1});
  check_however_cut(overflow::drop, "123456789\n1234567890123456789\nb",
                    {{"b"}, 2});
  check_however_cut(overflow::drop, "123456789\n\n12345678\n",
                    {{"", "12345678"}, 1});
}

TEST_CASE("a last frame that is too long is dropped and counted") {
  check_however_cut(overflow::drop, "a\n123456789", {{"a"}, 1});
}

TEST_CASE("a frame of one byte more stops a framer that must not go on") {
  check_however_cut(overflow::fail, "123456789\n", {{}, 0, false});
  check_however_cut(overflow::fail, "123456789", {{}, 0, false});
  check_however_cut(overflow::fail, "a\n123456789\nb\nc\n", {{"a"}, 0, false});
}

TEST_CASE("an overlong frame is counted where it ends, not before") {
  auto machine = small(overflow::drop);
  frame_batch batch;
  CHECK(machine.feed("1234567890", batch));
  CHECK(machine.dropped() == 0);
  CHECK(machine.pending() == 0);
  CHECK(machine.feed("1234567890\nx", batch));
  CHECK(machine.dropped() == 1);
  CHECK(machine.pending() == 1);
  CHECK(batch.empty());
}

TEST_CASE("a framer may be used again after the end of a stream") {
  auto machine = small(overflow::drop);
  frame_batch batch;
  machine.feed("1234567890", batch);
  machine.finish(batch);
  machine.feed("ab", batch);
  machine.finish(batch);
  machine.finish(batch);
  CHECK(frames_of(batch) == frames{"ab"});
  CHECK(machine.dropped() == 1);
}

TEST_CASE("padding is readable behind every frame of a growing batch") {
  // A byte read too far ends the test if it runs with the address sanitiser.
  frame_batch batch;
  for (std::size_t size = 0; size < 300; ++size)
    batch.append(std::string(size / 2, 'h'), std::string(size - size / 2, 't'));
  REQUIRE(batch.size() == 300);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto frame = batch.at(i);
    CHECK(frame == std::string(i / 2, 'h') + std::string(i - i / 2, 't'));
    REQUIRE(batch.capacity_at(i) >= frame.size() + frame_batch::padding);
    for (std::size_t k = 0; k < batch.capacity_at(i); ++k)
      sum += static_cast<unsigned char>(frame.data()[k]);
  }
  CHECK(sum > 0);
  CHECK(batch.capacity_at(299) == 299 + frame_batch::padding);
  CHECK(batch.bytes() == 300 * 299 / 2 + frame_batch::padding);
}

TEST_CASE(
    "frames that come together are copied in one piece, with padding behind") {
  frame_batch batch;
  batch.append("first");
  CHECK(batch.append_each("ab\n\ncd\nrest", '\n') == 7);
  CHECK(frames_of(batch) == frames{"first", "ab", "", "cd"});
  CHECK(batch.capacity_at(1) == 7 + frame_batch::padding);
  CHECK(batch.capacity_at(3) == 3 + frame_batch::padding);
  CHECK(batch.append_each("rest", '\n') == 0);
  CHECK(batch.size() == 4);
}

TEST_CASE("an empty frame has padding, too") {
  frame_batch batch;
  batch.append("");
  CHECK(batch.size() == 1);
  CHECK(batch.at(0).empty());
  CHECK(batch.capacity_at(0) == frame_batch::padding);
}

TEST_CASE("lines and messages have the limits of the contract") {
  auto at = [](std::size_t size, char delimiter) {
    return std::string(size, 'x') + delimiter;
  };
  frame_batch batch;
  auto lines = line_framer();
  CHECK(lines.feed(at(limits::reader_line_max_bytes, '\n'), batch));
  CHECK(batch.size() == 1);
  CHECK(lines.feed(at(limits::reader_line_max_bytes + 1, '\n'), batch));
  CHECK(batch.size() == 1);
  CHECK(lines.dropped() == 1);
  auto messages = nul_framer();
  CHECK(messages.feed(at(limits::varlink_message_max_bytes, '\0'), batch));
  CHECK(batch.size() == 2);
  CHECK_FALSE(
      messages.feed(at(limits::varlink_message_max_bytes + 1, '\0'), batch));
  CHECK_FALSE(messages.feed(at(1, '\0'), batch));
  CHECK(batch.size() == 2);
}

// Thousands of connections may each begin a long frame and never end it.
TEST_CASE("an unfinished frame is small, or the budget has room for it") {
  constexpr auto small = limits::kept_max_bytes;
  const auto budget = std::make_shared<byte_budget>(3 * small);
  frame_batch batch;
  auto first = line_framer(budget);
  CHECK(first.feed(std::string(small, 'x'), batch));
  CHECK(budget->held() == 0); // so small a frame is not charged
  CHECK(first.feed("x", batch));
  CHECK(budget->held() == 2 * small);
  auto second = line_framer(budget);
  CHECK(second.feed(std::string(small, 'y'), batch));
  // there is no room: the frame is dropped when it ends
  CHECK(second.feed("y", batch));
  CHECK(second.pending() == 0);
  CHECK(budget->held() == 2 * small);
  CHECK(budget->denied() == 1);
  CHECK(second.feed("y\nordinary\n", batch));
  CHECK(second.dropped() == 1);
  CHECK(second.starved() == 1);
  CHECK(frames_of(batch) == frames{"ordinary"});
  CHECK(first.feed("x\n", batch)); // the first frame is complete
  CHECK(first.starved() == 0);
  CHECK(batch.at(1).size() == small + 2);
  CHECK(budget->held() == 0);
  CHECK(second.feed(std::string(small + 1, 'y'), batch)); // now there is room
  CHECK(second.pending() == small + 1);
}

TEST_CASE("a frame that comes in one read is charged only to its batch") {
  const auto budget = std::make_shared<byte_budget>(0);
  auto machine = nul_framer(budget);
  frame_batch batch;
  CHECK(machine.feed(std::string(100'000, 'x') + '\0', batch));
  CHECK(batch.size() == 1);
}

TEST_CASE("without room a framer that must not go on stops and counts it") {
  const auto budget = std::make_shared<byte_budget>(0);
  auto machine = nul_framer(budget);
  frame_batch batch;
  CHECK(machine.feed(std::string(limits::kept_max_bytes, 'x'), batch));
  CHECK_FALSE(machine.feed("x", batch));
  CHECK(machine.starved() == 1);
  auto too_long = nul_framer();
  CHECK_FALSE(too_long.feed(
      std::string(limits::varlink_message_max_bytes + 1, 'x'), batch));
  CHECK(too_long.starved() == 0);
}

TEST_CASE("a batch is charged with all its memory until it is destroyed") {
  const auto budget = std::make_shared<byte_budget>(1);
  {
    frame_batch batch;
    auto machine = line_framer();
    // The largest number of frames that so many bytes can hold.
    CHECK(machine.feed(std::string(10'000, '\n'), batch));
    batch.charge(budget);
    CHECK(budget->held() == batch.footprint());
    CHECK(batch.footprint() >= 80'000);
  }
  CHECK(budget->held() == 0);
}

TEST_CASE("a framer that is destroyed gives back what it held") {
  const auto budget = std::make_shared<byte_budget>(1 << 20);
  {
    auto machine = line_framer(budget);
    frame_batch batch;
    machine.feed(std::string(100'000, 'x'), batch);
    CHECK(budget->held() >= 100'000);
  }
  CHECK(budget->held() == 0);
}

} // namespace framing_tests
