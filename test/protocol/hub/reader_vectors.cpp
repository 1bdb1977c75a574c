// The recorded reader lines: from the reader's bytes, cut anywhere, to the
// bytes that a subscriber gets.

#include "test/support/wire/reader_vectors.hpp"

#include "protocol/base/framing.hpp"
#include "protocol/hub/event.hpp"
#include "protocol/hub/reader_line.hpp"
#include "test/support/wire/wire_event.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace reader_vectors_tests {

namespace {

using namespace clearance;
using protocol::event;
using test::reader_vector;

/// What a reader's bytes lead to.
struct outcome {
  std::vector<event> events;
  std::vector<std::string> wire;
};

void take_frames(const protocol::frame_batch& batch,
                 protocol::reader_line_parser& parser, outcome& out) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    event x;
    if (parser.parse(batch.at(i), batch.capacity_at(i), x)
        != protocol::reader_line_parser::outcome::complete)
      continue;
    encode(x, out.wire.emplace_back());
    out.events.push_back(std::move(x));
  }
}

/// Feeds the pieces one after another, like reads from one connection.
outcome feed(const std::vector<std::string_view>& pieces) {
  protocol::reader_line_parser parser;
  auto framer = protocol::line_framer();
  outcome out;
  for (auto piece : pieces) {
    protocol::frame_batch batch;
    CHECK(framer.feed(piece, batch));
    take_frames(batch, parser, out);
  }
  protocol::frame_batch last;
  framer.finish(last);
  take_frames(last, parser, out);
  return out;
}

event to_event(const test::wire_event& x) {
  event out;
  out.type = protocol::event_type::verdict_applied;
  for (auto type :
       {protocol::event_type::connection_blocked,
        protocol::event_type::container_started,
        protocol::event_type::container_exited, protocol::event_type::shield_up,
        protocol::event_type::shield_down,
        protocol::event_type::shield_disengaged})
    if (to_string(type) == x.type)
      out.type = type;
  out.container = x.container;
  out.request_id = x.request_id;
  out.dest = x.dest;
  out.port = x.port;
  out.proto = x.proto;
  out.domain = x.domain;
  out.action = x.action;
  out.ok = x.ok;
  out.reason = x.reason;
  out.dossier = x.dossier;
  return out;
}

void check(const outcome& got, const reader_vector& expected) {
  CHECK(got.wire == expected.wire);
  REQUIRE(got.events.size() == expected.events.size());
  for (std::size_t i = 0; i < got.events.size(); ++i)
    CHECK(got.events[i]
          == to_event(test::wire_event::of_object(expected.events[i])));
}

} // namespace

TEST_CASE("every recorded line causes exactly its events and their bytes") {
  for (const auto& x : test::load_reader_vectors()) {
    CAPTURE(x.name);
    check(feed({x.line + "\n"}), x);
    check(feed({x.line}), x);
  }
}

TEST_CASE("a recorded line may be cut at every byte") {
  for (const auto& x : test::load_reader_vectors()) {
    CAPTURE(x.name);
    auto bytes = x.line + "\n";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      CAPTURE(cut);
      auto all = std::string_view{bytes};
      check(feed({all.substr(0, cut), all.substr(cut)}), x);
    }
  }
}

TEST_CASE("recorded lines may come one byte at a time") {
  for (const auto& x : test::load_reader_vectors()) {
    CAPTURE(x.name);
    auto bytes = x.line + "\n";
    std::vector<std::string_view> pieces;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      pieces.push_back(std::string_view{bytes}.substr(i, 1));
    check(feed(pieces), x);
  }
}

TEST_CASE("all recorded lines in one read cause all events in order") {
  std::string bytes;
  reader_vector all;
  for (const auto& x : test::load_reader_vectors()) {
    bytes += x.line + "\n";
    all.wire.insert(all.wire.end(), x.wire.begin(), x.wire.end());
    all.events.insert(all.events.end(), x.events.begin(), x.events.end());
  }
  check(feed({bytes}), all);
}

} // namespace reader_vectors_tests
