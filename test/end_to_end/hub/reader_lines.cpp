// How lines are separated, and malformed lines. Source: clearance.md, section
// 2.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/process/process_facts.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

namespace reader_lines_tests {

namespace {

using namespace clearance::test;

constexpr std::size_t line_max_bytes = 256 * 1024;
constexpr std::size_t mebibyte = 1024 * 1024;

/// A valid line of exactly `size` bytes (without newline) for container c1.
std::string line_of(std::size_t size) {
  const std::string head = R"({"type":"shield_up","container":"c1","x":")";
  return head + std::string(size - head.size() - 2, 'x') + R"("})";
}

const auto up = plain_event("shield_up", "c1");

} // namespace

TEST_CASE("a line of 256 KiB is served, a longer one dropped, the next "
          "served") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  CHECK(to_string(server.events_of(line_of(line_max_bytes), watcher))
        == to_string(std::vector{up}));
  CHECK(server.events_of(line_of(line_max_bytes + 1), watcher).empty());
  CHECK(to_string(server.events_of(line_of(line_max_bytes), watcher))
        == to_string(std::vector{up}));
}

TEST_CASE("a line that never ends costs no memory and no connection") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  auto reader = server.reader();
  reader.send_apart(std::string(mebibyte, 'x'));
  const auto before = resident_bytes(server.pid());
  for (int i = 0; i < 64; ++i)
    reader.send_apart(std::string(mebibyte, 'x'));
  CHECK(resident_bytes(server.pid()) < before + 8 * mebibyte * bytes_a_byte);
  reader.send_apart("\n" + plain_line("shield_up", "c1"));
  CHECK(to_string(watcher.events_until(server.mark()))
        == to_string(std::vector{up}));
}

TEST_CASE("half a million bytes of garbage do no harm to connection and hub") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  std::mt19937 random{20240117};
  std::string garbage(500'000, '\0');
  std::ranges::generate(garbage,
                        [&] { return static_cast<char>(random() & 0xff); });
  server.emit(garbage);
  CHECK(
      to_string(server.events_of("\n" + plain_line("shield_up", "c1"), watcher))
      == to_string(std::vector{up}));
}

TEST_CASE("lines of one connection stay in order, others do not wait for an "
          "unfinished one") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  auto slow = server.reader();
  slow.send_apart(R"({"type":"shield_up",)");
  CHECK(server.events_of(R"({"type":"shield_up","container":"other"})", watcher)
            .size()
        == 1);
  slow.send_apart(R"("container":"c1"})"
                  "\n");
  CHECK(to_string(watcher.events_until(server.mark()))
        == to_string(std::vector{up}));
  std::string lines;
  for (int i = 0; i < 100; ++i)
    lines += plain_line("shield_up", "c" + std::to_string(i));
  const auto seen = server.events_of(lines, watcher);
  REQUIRE(seen.size() == 100);
  for (std::size_t i = 0; i < seen.size(); ++i)
    CHECK(seen[i].container == "c" + std::to_string(i));
}

TEST_CASE("blank lines and white space around a line are ignored") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  CHECK(to_string(server.events_of(
            "\n\n  \t \r\n \t{\"type\":\"shield_up\",\"container\":\"c1\"} \r",
            watcher))
        == to_string(std::vector{up}));
}

TEST_CASE("a last line without a newline counts, however the reader leaves") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  auto line = plain_line("shield_up", "c1");
  line.pop_back();
  SUBCASE("after shutting down its writing side") {
    auto reader = server.reader();
    reader.send(line);
    reader.half_close();
    CHECK(to_string(watcher.next_event()) == to_string(up));
    CHECK(reader.read_to_end().empty());
  }
  SUBCASE("after closing") {
    server.reader().send(line);
    CHECK(to_string(watcher.next_event()) == to_string(up));
  }
}

TEST_CASE("a malformed line is dropped and the next one served") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  for (std::string_view line : {
           R"({"type":"shield_up","container":"c1","x":tru})",
           R"({"type":"shield_up","container":"c1","x":[1,]})",
           R"({"type":"shield_up","container":"c1",})",
           R"({"type":"shield_up","container":"c1"} x)",
           R"({"type":"shield_up","container":"c1"}{})",
           R"({"type":"shield_up","container":"c1"}])",
           R"({"type":"shield_up","container":"c1","x":"\q"})",
           R"({"type":"shield_up","container":"c1","x":01})",
           R"({"type":"shield_up","container":"c1","x":NaN})",
           R"({"type":"shield_up","container":"c1")",
           R"({'type':'shield_up','container':'c1'})",
           R"(["shield_up"])",
           "{}",
           "{",
           "null",
           "\xef\xbb\xbf{\"type\":\"shield_up\",\"container\":\"c1\"}",
       }) {
    CAPTURE(line);
    CHECK(to_string(server.events_of(line, watcher)) == "");
  }
  CHECK(server.events_of(plain_line("shield_up", "c1"), watcher).size() == 1);
}

TEST_CASE("nesting beyond the parser's limit is malformed, not fatal") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  for (std::size_t depth : {2000U, 100'000U}) {
    const auto line = R"({"type":"shield_up","container":"c1","x":)"
                      + std::string(depth, '[') + std::string(depth, ']') + "}";
    CHECK(server.events_of(line, watcher).empty());
  }
  const auto shallow = R"({"type":"shield_up","container":"c1","x":)"
                       + std::string(60, '[') + std::string(60, ']') + "}";
  CHECK(server.events_of(shallow, watcher).size() == 1);
}

TEST_CASE("the log shows at most 120 bytes of a malformed line, escaped") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  CHECK(
      server
          .events_of("bad \x1b[31m \x07 \xff" + std::string(500, 'A'), watcher)
          .empty());
  server.process().await_err("bad ");
  const auto log = server.process().err();
  CHECK(log.find('\x1b') == std::string::npos);
  CHECK(log.find('\x07') == std::string::npos);
  CHECK(log.find('\xff') == std::string::npos);
  const auto shown = std::ranges::count(log, 'A');
  CHECK(shown > 0);
  CHECK(shown <= 120);
}

TEST_CASE("a flood of malformed lines does not become a flood of the log") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  const std::string bad(200, 'A');
  std::string flood;
  for (int i = 0; i < 20'000; ++i)
    flood += bad + "\n";
  CHECK(server.events_of(flood, watcher).empty());
  // Each of them alone would log more than 2 MB.
  CHECK(server.process().err().size() < 512 * 1024);
}

TEST_CASE("a reader gets no answer") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  auto reader = server.reader();
  reader.send(block{}.line() + "bad\n");
  CHECK(watcher.next_event() == block{}.event());
  watcher.events_until(server.mark());
  CHECK_FALSE(reader.readable());
}

TEST_CASE(
    "--only-container drops and counts lines that name another container") {
  const runtime where;
  hub_options options;
  options.arguments = {"--only-container", "c1"};
  options.mark_container = "c1";
  hub server{where, std::move(options)};
  auto watcher = server.subscriber();
  CHECK(server.events_of(plain_line("shield_up", "c2"), watcher).empty());
  CHECK(server.events_of(plain_line("shield_up", "c1 "), watcher).empty());
  CHECK(to_string(server.events_of(plain_line("shield_up", "c1"), watcher))
        == to_string(std::vector{up}));
}

} // namespace reader_lines_tests
