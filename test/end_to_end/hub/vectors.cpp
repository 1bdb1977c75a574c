// The recorded reader lines, sent over a real socket and cut in all ways in
// which a stream socket can cut them.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/files/test_paths.hpp"

#include <doctest/doctest.h>

#include <cstdint>

namespace vectors_tests {

namespace {

using namespace clearance::test;

struct vector_line {
  std::string name;
  std::string line;
  std::vector<wire_event> events;
};

std::string from_base64(std::string_view text) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    const auto digit = digits.find(c);
    REQUIRE(digit != std::string_view::npos);
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      result += static_cast<char>((bits >> count) & 0xff);
    }
  }
  return result;
}

std::vector<vector_line> load() {
  std::vector<vector_line> result;
  const auto all = json::parse(read_file(vectors_file()));
  for (const auto& item : all.as<json::array>()) {
    vector_line x{
        item["name"].text(), from_base64(item["line_b64"].text()), {}};
    for (const auto& event : item["events"].as<json::array>())
      x.events.push_back(wire_event::of_object(event));
    result.push_back(std::move(x));
  }
  REQUIRE(result.size() >= 50);
  return result;
}

std::vector<wire_event> all_events(const std::vector<vector_line>& lines) {
  std::vector<wire_event> result;
  for (const auto& x : lines)
    result.insert(result.end(), x.events.begin(), x.events.end());
  return result;
}

} // namespace

TEST_CASE("each recorded line, alone on a connection, causes its events") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  bool newline = true;
  SUBCASE("ended by a newline") {
    newline = true;
  }
  SUBCASE("ended by the end of the stream") {
    newline = false;
  }
  for (const auto& x : load()) {
    CAPTURE(x.name);
    auto reader = server.reader();
    reader.send_apart(x.line + (newline ? "\n" : ""));
    if (!newline) {
      reader.half_close();
      CHECK(reader.read_to_end().empty());
    }
    CHECK(to_string(watcher.events_until(server.mark()))
          == to_string(x.events));
  }
}

TEST_CASE("all recorded lines in one write cause all events in order") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  const auto lines = load();
  std::string bytes;
  for (const auto& x : lines)
    bytes += x.line + "\n";
  server.emit(bytes);
  CHECK(to_string(watcher.events_until(server.mark()))
        == to_string(all_events(lines)));
}

TEST_CASE("the recorded lines may arrive cut anywhere") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  const auto lines = load();
  std::string bytes;
  for (const auto& x : lines)
    bytes += x.line + "\n";
  auto reader = server.reader();
  std::size_t step = 0;
  SUBCASE("into single bytes") {
    step = 1;
  }
  SUBCASE("every seven bytes") {
    step = 7;
  }
  SUBCASE("every hundred and one bytes") {
    step = 101;
  }
  for (std::size_t i = 0; i < bytes.size(); i += step)
    reader.send_apart(std::string_view(bytes).substr(i, step));
  CHECK(to_string(watcher.events_until(server.mark()))
        == to_string(all_events(lines)));
}

} // namespace vectors_tests
