#include "actors/hub/ingester.hpp"

#include "test/support/fixture/actor_fixture.hpp"
#include "test/support/wire/events.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>

namespace ingester_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
using actors::stream_end;
namespace limits = protocol::limits;

namespace {

constexpr auto dropped = "dropped a reader's line";

/// An ingester with a fake registry.
struct fixture : actor_fixture {
  inbox registry{*this};
  inbox hub{*this};
  actors::ingester_actor ingester;

  explicit fixture(std::optional<protocol::own_container> only_container = {})
      : ingester(actors::spawn_ingester(
          io, actors::ingester_config{registry.as<actors::registry_actor>(),
                                      hub.actor().address(),
                                      std::move(only_container)})) {
    run();
  }

  fake_connection_ptr connect(const char* command = "client") {
    auto result =
        std::make_shared<fake_connection>(actors::peer{1000, 4242, command});
    caf::anon_send(ingester, actors::accepted{result});
    run();
    return result;
  }

  void bring(const fake_connection_ptr& x,
             const std::vector<std::string>& frames,
             stream_end end = stream_end::none, std::uint64_t overlong = 0) {
    x->bring(frames, end, overlong);
    run();
  }

  /// The only batch since the last call.
  actors::announce batch() { return registry.only<actors::announce>(); }
  std::string announced() { return wire_of(*batch().events); }
  bool quiet() { return registry.size() == 0; }

  void
  announce_now(const fake_connection_ptr& x, protocol::duration waited = {},
               bool calm = true,
               std::size_t next_max_events = limits::reader_batch_max_events) {
    registry.tell(ingester, actors::batch_announced{x->id(), waited, calm,
                                                    next_max_events});
    run();
  }

  log_line counters() {
    log.clear();
    hub.tell(ingester, actors::report_atom::value);
    run();
    return log.only("counters");
  }
};

std::vector<std::string> operator+(std::vector<std::string> a,
                                   const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

} // namespace

TEST_CASE("a reader is read from the start") {
  fixture s;
  auto reader = s.connect();
  CHECK(reader->owned());
  CHECK(reader->reading());
  CHECK(s.quiet());
}

TEST_CASE("the lines of one read become one batch, in order") {
  fixture s;
  auto reader = s.connect();
  s.bring(reader, lines(1, 3));
  auto batch = s.batch();
  CHECK(batch.reader == reader->id());
  CHECK(wire_of(*batch.events) == wire_of(blocks(1, 3)));
}

TEST_CASE(
    "a reader is read on when its batch was batch_announced, not before") {
  fixture s;
  auto reader = s.connect();
  s.bring(reader, lines(1, 1));
  CHECK_FALSE(reader->reading());
  s.advance(10s);
  CHECK_FALSE(reader->reading());
  s.announce_now(reader);
  CHECK(reader->reading());
}

TEST_CASE("a batch has at most 192 events") {
  fixture s;
  auto reader = s.connect();
  s.bring(reader, lines(1, 192));
  CHECK(s.announced() == wire_of(blocks(1, 192)));
  s.announce_now(reader);
  CHECK(s.quiet());
  CHECK(reader->reading());
  s.bring(reader, lines(201, 393));
  CHECK(s.announced() == wire_of(blocks(201, 392)));
  CHECK(s.quiet());
  s.announce_now(reader);
  CHECK(s.announced() == wire_of(blocks(393, 393)));
  CHECK_FALSE(reader->reading());
  s.announce_now(reader);
  CHECK(reader->reading());
}

TEST_CASE("each reader's batches have the size that its last answer said") {
  fixture s;
  auto reader = s.connect();
  auto other = s.connect();
  s.bring(reader, lines(1, 200));
  CHECK(s.announced() == wire_of(blocks(1, 192)));
  s.announce_now(reader, {}, true, 5);
  CHECK(s.announced() == wire_of(blocks(193, 197)));
  s.announce_now(reader, {}, true, 2);
  CHECK(s.announced() == wire_of(blocks(198, 199)));
  s.announce_now(reader, {}, true, 192);
  CHECK(s.announced() == wire_of(blocks(200, 200)));
  s.bring(other, lines(301, 310));
  CHECK(s.announced() == wire_of(blocks(301, 310)));
}

TEST_CASE("a read without events is followed by the next read at once") {
  fixture s;
  auto reader = s.connect();
  s.bring(reader, {"", "  ", R"({"type":"news","container":"c1"})", "{"});
  CHECK(s.quiet());
  CHECK(reader->reading());
}

TEST_CASE("lines without an event do not count in a batch") {
  fixture s;
  auto reader = s.connect();
  s.bring(reader, std::vector<std::string>(30, " ") + lines(1, 90)
                      + std::vector<std::string>(30, "{") + lines(91, 193));
  CHECK(s.announced() == wire_of(blocks(1, 192)));
  s.announce_now(reader);
  CHECK(s.announced() == wire_of(blocks(193, 193)));
}

TEST_CASE("each reader waits for its own batch only") {
  fixture s;
  auto a = s.connect();
  auto b = s.connect();
  s.bring(a, lines(1, 1));
  CHECK_FALSE(a->reading());
  CHECK(b->reading());
  s.bring(b, lines(2, 2));
  auto batches = s.registry.take<actors::announce>();
  REQUIRE(batches.size() == 2);
  CHECK(batches[0].reader == a->id());
  CHECK(batches[1].reader == b->id());
  s.announce_now(b);
  CHECK_FALSE(a->reading());
  CHECK(b->reading());
}

TEST_CASE(
    "a malformed line is dropped, counted and logged, and costs no other") {
  fixture s;
  auto reader = s.connect("evil");
  s.bring(reader,
          lines(1, 1) + std::vector<std::string>{"{\"a\":\x01"} + lines(2, 2));
  CHECK(s.announced() == wire_of(blocks(1, 2)));
  auto line = s.log.only(dropped);
  CHECK(line.level == actors::severity::warning);
  CHECK(line["why"] != "");
  CHECK(line["pid"] == "4242");
  CHECK(line["command"] == "evil");
  CHECK(line["line"] == "{\"a\":\\x01");
  CHECK(line["not_logged"] == "");
  auto counters = s.counters();
  CHECK(counters["malformed"] == "1");
  CHECK(counters["lines"] == "3");
}

TEST_CASE("of a malformed line at most 120 bytes are logged") {
  fixture s;
  auto reader = s.connect();
  s.bring(reader, {std::string(120, 'x')});
  CHECK(s.log.only(dropped)["line"] == std::string(120, 'x'));
  s.log.clear();
  s.bring(reader, {std::string(121, 'x')});
  CHECK(s.log.only(dropped)["line"] == std::string(120, 'x') + "...");
}

TEST_CASE("a reader that floods with nonsense does not flood the log") {
  fixture s;
  auto reader = s.connect();
  auto other = s.connect();
  s.bring(reader, std::vector<std::string>(64, "{"));
  CHECK(s.log.with(dropped).size() == 64);
  s.bring(reader, std::vector<std::string>(6, "{"));
  CHECK(s.log.with(dropped).size() == 64);
  s.bring(other, {"{"}); // may have log lines of its own
  CHECK(s.log.with(dropped).size() == 65);
  s.advance(limits::log_interval);
  s.bring(reader, {"{"});
  REQUIRE(s.log.with(dropped).size() == 66);
  CHECK(s.log.with(dropped).back()["not_logged"] == "6");
  CHECK(s.counters()["malformed"] == "72");
}

TEST_CASE(
    "how many lines of a reader were not logged is logged when it leaves") {
  fixture s;
  auto reader = s.connect();
  s.bring(reader, std::vector<std::string>(70, "{"), stream_end::eof);
  auto line = s.log.only("dropped more lines of a reader that left");
  CHECK(line["not_logged"] == "6");
  CHECK(line["pid"] == "4242");
}

TEST_CASE("lines that are too long are counted and logged") {
  fixture s;
  auto reader = s.connect();
  s.bring(reader, lines(1, 1), stream_end::none, 2);
  CHECK(s.log.with(dropped).size() == 2);
  CHECK(s.log.with(dropped)[0]["why"] == "the line is longer than the limit");
  CHECK(s.log.with(dropped)[0]["line"] == "");
  CHECK(s.announced() == wire_of(blocks(1, 1)));
  CHECK(s.counters()["overlong"] == "2");
  s.announce_now(reader);
  s.bring(reader, {}, stream_end::none, 1);
  CHECK(s.counters()["overlong"] == "3");
  CHECK(reader->reading());
}

TEST_CASE("lines for which there is no memory are counted and logged") {
  fixture s;
  auto reader = s.connect();
  reader->bring({}, stream_end::none, 0, 2);
  s.run();
  CHECK(s.log.with(dropped).size() == 2);
  CHECK(s.log.with(dropped)[0]["why"]
        == "a long line, and the memory that readers share is used up");
  CHECK(s.counters()["starved"] == "2");
  CHECK(reader->reading());
}

// One reader may connect again for each 64 lines, or thousands may come at
// once.
TEST_CASE("many readers that flood with nonsense do not flood the log") {
  fixture s;
  for (std::size_t i = 0; i < 4; ++i)
    s.bring(s.connect(), std::vector<std::string>(40, "{"), stream_end::eof);
  CHECK(s.log.with(dropped).size() == limits::log_max_lines_of_all);
  // the ends of the readers add no lines
  CHECK(s.log.all().size() == limits::log_max_lines_of_all);
  CHECK(s.counters()["malformed"] == "160");
  s.log.clear();
  s.advance(limits::log_interval);
  s.bring(s.connect(), {"{"});
  CHECK(s.log.only(dropped)["others_not_logged"] == "32");
}

TEST_CASE("a line of no known type is dropped, counted and logged once") {
  fixture s;
  auto reader = s.connect();
  const std::string news = R"({"type":"news","container":"c1"})";
  s.bring(reader, {news, news, news});
  CHECK(s.quiet());
  auto line = s.log.only(dropped);
  CHECK(line.level == actors::severity::warning);
  CHECK(line["line"] == news);
  CHECK(line["why"] == "a type that is not known");
  CHECK(s.counters()["unknown"] == "3");
  // Another type, and none at all, are other faults.
  s.bring(reader, {R"({"type":"olds","container":"c1"})", "{}", "{}"});
  // counters() has removed the line about "news" from the record.
  REQUIRE(s.log.with(dropped).size() == 2);
  CHECK(s.log.with(dropped)[0]["why"] == "a type that is not known");
  CHECK(s.log.with(dropped)[1]["why"] == "no type");
  CHECK(s.counters()["unknown"] == "6");
}

TEST_CASE("a line with ill-formed bytes is repaired, counted and announced") {
  fixture s;
  auto reader = s.connect();
  s.bring(reader, {"{\"type\":\"shield_up\",\"container\":\"c\xff\"}"});
  auto batch = s.batch();
  REQUIRE(batch.events->size() == 1);
  CHECK(batch.events->at(0)->container() == "c ");
  CHECK(s.log.with(dropped).empty());
  CHECK(s.counters()["repaired"] == "1");
}

TEST_CASE("a hub for one container drops and counts lines that name another") {
  fixture s{protocol::own_container{"c1"}};
  auto reader = s.connect();
  s.bring(reader, {line(1, "c2"), line(1), line(2, "c11")});
  CHECK(s.announced() == wire_of(blocks(1, 1)));
  REQUIRE(s.log.with(dropped).size() == 2);
  CHECK(s.log.with(dropped)[0]["why"] == "the line names another container");
  CHECK(s.log.with(dropped)[0]["line"].find("c2:1") != std::string::npos);
  CHECK(s.counters()["foreign"] == "2");
}

TEST_CASE("a hub for one container names it in one way") {
  fixture s{protocol::own_container{"0123456789abcdef", "demo"}};
  auto reader = s.connect();
  s.bring(reader, {R"({"type":"shield_down","container":"any"})"});
  CHECK(s.batch().events->at(0)->container() == "0123456789ab");
  s.announce_now(reader);
  s.bring(reader, {R"({"type":"shield_down","container":"ba9876543210"})"});
  CHECK(s.quiet());
  CHECK(s.counters()["foreign"] == "1");
}

// The line itself needs no escape, but the name that takes its place does.
TEST_CASE("a hub for one container escapes its name") {
  fixture s{protocol::own_container{"a\"b", "demo"}};
  auto reader = s.connect();
  s.bring(reader, {R"({"type":"shield_down","container":"demo"})"});
  const auto batch = s.batch();
  CHECK(batch.events->at(0)->container() == "a\"b");
  CHECK(batch.events->at(0)->wire().find(R"("container":"a\"b")")
        != std::string_view::npos);
}

TEST_CASE("a last line without newline is served before the reader leaves") {
  fixture s;
  auto reader = s.connect();
  s.bring(reader, lines(1, 1), stream_end::eof); // the framer does this
  CHECK(s.announced() == wire_of(blocks(1, 1)));
  CHECK(reader->open());
  s.announce_now(reader);
  CHECK_FALSE(reader->open());
  CHECK(s.counters()["readers"] == "0");
}

TEST_CASE("all lines of a reader that has left are still announced") {
  for (auto end : {stream_end::eof, stream_end::broken}) {
    fixture s;
    auto reader = s.connect();
    s.bring(reader, lines(1, 386), end);
    CHECK(s.announced() == wire_of(blocks(1, 192)));
    s.announce_now(reader);
    CHECK(s.announced() == wire_of(blocks(193, 384)));
    s.announce_now(reader);
    CHECK(s.announced() == wire_of(blocks(385, 386)));
    CHECK(reader->open());
    s.announce_now(reader);
    CHECK_FALSE(reader->open());
    CHECK(s.quiet());
  }
}

TEST_CASE("a reader that leaves without more lines is released at once") {
  for (auto end : {stream_end::eof, stream_end::broken}) {
    fixture s;
    auto reader = s.connect();
    CHECK(s.counters()["readers"] == "1");
    s.bring(reader, {}, end);
    CHECK_FALSE(reader->open());
    CHECK(s.quiet());
    CHECK(s.counters()["readers"] == "0");
    CHECK(s.io.alive("ingester").size() == 1);
    CHECK(s.log.with(dropped).empty());
  }
}

TEST_CASE("an answer for a reader that is gone is ignored") {
  fixture s;
  auto reader = s.connect();
  s.bring(reader, {}, stream_end::eof);
  s.announce_now(reader);
  caf::anon_send(s.ingester,
                 actors::received{reader->id(), nullptr, 0, stream_end::none});
  s.run();
  CHECK(s.quiet());
  CHECK(s.io.alive("ingester").size() == 1);
}

TEST_CASE("waiting uses up a reader's pause budget, and events give it back") {
  fixture s;
  auto reader = s.connect();
  auto next = [&](std::size_t events) {
    s.bring(reader, lines(1, events));
    return s.batch().max_pause;
  };
  CHECK(next(64) == limits::reader_pause_max); // no more than all of it
  s.announce_now(reader, 100ms, false);
  CHECK(next(1) == 150ms + limits::reader_pause_earned_per_event);
  s.announce_now(reader, 0ms, false);
  CHECK(next(64) == 150ms + 65 * limits::reader_pause_earned_per_event);
  s.announce_now(reader, 1s, false);
  CHECK(next(1) == limits::reader_pause_earned_per_event);
  s.announce_now(reader, 1s, true); // rested
  CHECK(next(1) == limits::reader_pause_max);
}

TEST_CASE("each reader has its own pause budget") {
  fixture s;
  auto a = s.connect();
  auto b = s.connect();
  s.bring(a, lines(1, 1));
  s.batch();
  s.announce_now(a, 250ms, false);
  s.bring(b, lines(1, 1));
  CHECK(s.batch().max_pause == limits::reader_pause_max);
  s.bring(a, lines(1, 1));
  CHECK(s.batch().max_pause == limits::reader_pause_earned_per_event);
}

TEST_CASE("when its hub ends, an ingester ends and closes its readers") {
  fixture s;
  auto idle = s.connect();
  auto waiting = s.connect();
  s.bring(waiting, lines(1, 1));
  s.hub.leave();
  CHECK(s.io.alive("ingester").empty());
  CHECK_FALSE(idle->open());
  CHECK_FALSE(waiting->open());
}

TEST_CASE("if an ingester crashes, its hub ends") {
  fixture s;
  auto before = s.io.alive("inbox").size();
  s.crash(s.ingester, caf::sec::runtime_error);
  CHECK(s.io.alive("inbox").size() == before - 1);
}

} // namespace ingester_tests
