// Input: a limit (one byte), a policy (one byte), the stream. The framer gets
// it in pieces; the result must be that of a simple framer that gets it whole.

#include "protocol/base/framing.hpp"
#include "test/fuzz/fuzz.hpp"

#include <string>
#include <vector>

namespace framer_fuzzer {

namespace {

using namespace clearance;
using overflow = protocol::framer::overflow;
using test::require;

constexpr char delimiter = '\n';

struct outcome {
  std::vector<std::string> frames;
  std::uint64_t dropped = 0;
  bool ok = true;

  friend bool operator==(const outcome&, const outcome&) = default;
};

/// A simple framer in a few lines, which has the whole stream.
outcome expected(std::string_view stream, std::size_t max_bytes,
                 overflow policy) {
  outcome x;
  while (!stream.empty()) {
    auto end = stream.find(delimiter);
    auto frame = stream.substr(0, end);
    if (frame.size() <= max_bytes) {
      x.frames.emplace_back(frame);
    } else if (policy == overflow::fail) {
      x.ok = false;
      break;
    } else {
      ++x.dropped;
    }
    stream.remove_prefix(end == stream.npos ? stream.size() : end + 1);
  }
  return x;
}

void check_padding(const protocol::frame_batch& batch) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto frame = batch.at(i);
    require(batch.capacity_at(i)
                >= frame.size() + protocol::frame_batch::padding,
            "padding behind each frame");
    // Reads the padding, so that a sanitiser reports if it is missing.
    volatile char last = frame.data()[batch.capacity_at(i) - 1];
    static_cast<void>(last);
  }
}

/// Feeds a piece of `first` bytes, then pieces of `step` bytes.
outcome actual(std::string_view stream, std::size_t max_bytes, overflow policy,
               std::size_t first, std::size_t step) {
  protocol::framer machine{delimiter, max_bytes, policy};
  protocol::frame_batch batch;
  outcome x;
  for (auto size = first; !stream.empty(); size = step) {
    auto piece = stream.substr(0, size);
    x.ok = machine.feed(piece, batch);
    require(machine.pending() <= max_bytes, "pending() within the limit");
    stream.remove_prefix(piece.size());
  }
  machine.finish(batch);
  require(machine.pending() == 0, "nothing pending at the end");
  check_padding(batch);
  for (std::size_t i = 0; i < batch.size(); ++i)
    x.frames.emplace_back(batch.at(i));
  x.dropped = machine.dropped();
  return x;
}

void run(const std::uint8_t* data, std::size_t size) {
  if (size < 2)
    return;
  std::size_t max_bytes = data[0];
  auto policy = data[1] % 2 == 0 ? overflow::drop : overflow::fail;
  auto stream = test::as_text(data + 2, size - 2);
  auto x = expected(stream, max_bytes, policy);
  auto check = [&](std::size_t first, std::size_t step) {
    require(actual(stream, max_bytes, policy, first, step) == x,
            "the same frames however the stream is cut");
  };
  check(stream.size(), 1);
  check(1, 1);
  check(2, 7);
  // In two pieces, cut at many places, but not at all: that would be slow.
  for (std::size_t cut = 1; cut < stream.size(); cut += 1 + stream.size() / 64)
    check(cut, stream.size());
}

const test::fuzzer registered{"framer", run};

} // namespace

} // namespace framer_fuzzer
