// Input: what comes through ssh from a relay, or from its client.

#include "protocol/operator/relay_frame.hpp"

#include "protocol/base/framing.hpp"
#include "protocol/operator/client_limits.hpp"
#include "test/fuzz/fuzz.hpp"

#include <algorithm>
#include <string>

namespace relay_frame_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

// What was read is written and read again: the same.
template <class Frame>
void check(const Frame& x) {
  std::string again;
  append_relay_frame(again, x);
  require(!again.empty() && again.back() == '\0', "a frame ends with NUL");
  again.pop_back();
  require(again.find('\0') == again.npos, "there is no NUL inside of a frame");
  require(parse_relay_frame(again) == relay_frame{x}, "a frame is read again");
}

void check(const relay_fault& x) {
  require(!x.why.empty()
              && std::all_of(x.why.begin(), x.why.end(),
                             [](char c) { return c >= ' ' && c <= '~'; }),
          "a fault is printable");
}

// The texts of other frames may be repaired when they are written.
void check(const relay_close&) {
  // nop
}

void run(const std::uint8_t* data, std::size_t size) {
  framer in{'\0', client_limits::relay_frame_max_bytes, framer::overflow::fail};
  frame_batch frames;
  in.feed(clearance::test::as_text(data, size), frames);
  for (std::size_t i = 0; i < frames.size(); ++i)
    std::visit([](const auto& x) { check(x); },
               parse_relay_frame(frames.at(i)));
}

const clearance::test::fuzzer registered{"relay_frame", run};

} // namespace

} // namespace relay_frame_fuzzer
