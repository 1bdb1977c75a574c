// Counts how often parsing a line allocates memory. Unlike a time, the count
// does not depend on the load of the machine.

#include "protocol/base/framing.hpp"
#include "protocol/hub/event.hpp"
#include "protocol/hub/reader_line.hpp"
#include "test/support/allocation_count.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace clearance;
using outcome = protocol::reader_line_parser::outcome;

/// How often `f` calls operator new.
template <class F>
std::size_t allocations_in(F f) {
  auto before = test::allocation_count();
  f();
  return test::allocation_count() - before;
}

/// `n` different lines, as a reader sends them.
protocol::frame_batch lines(std::size_t n, const std::string& domain) {
  protocol::frame_batch batch;
  for (std::size_t i = 0; i < n; ++i)
    batch.append(
        R"({"type":"pending","container":"a-container-with-a-long-name-)"
        + std::to_string(100 + i) + R"(","id":"an-id-that-is-not-short:)"
        + std::to_string(100 + i)
        + R"(","dest":"2001:db8:1111:2222:3333:4444:5555:6666","port":443,)"
          R"("proto":6,"domain":")"
        + domain
        + R"(","ts":"2026-01-01T00:00:00Z","dossier":{"project":"alpha",)"
          R"("container_name":"terok-alpha-t42-terok-alpha-t42"}})");
  return batch;
}

std::size_t allocations_of_second_half(const protocol::frame_batch& batch) {
  protocol::reader_line_parser parser;
  protocol::event x;
  auto parse = [&](std::size_t i) {
    REQUIRE(parser.parse(batch.at(i), batch.capacity_at(i), x)
            == outcome::complete);
  };
  for (std::size_t i = 0; i < batch.size() / 2; ++i)
    parse(i);
  return allocations_in([&] {
    for (std::size_t i = batch.size() / 2; i < batch.size(); ++i)
      parse(i);
  });
}

} // namespace

TEST_CASE("the counter counts") {
  // Operator new is called by name, because compilers may remove a
  // new-expression that is not needed.
  CHECK(allocations_in([] { ::operator delete(::operator new(1)); }) == 1);
  CHECK(allocations_in([] { ::operator delete[](::operator new[](1)); }) == 1);
}

TEST_CASE("an ordinary line is parsed without allocating") {
  CHECK(allocations_of_second_half(lines(20, "api.example.com")) == 0);
}

TEST_CASE("a line with escapes is parsed without allocating") {
  CHECK(allocations_of_second_half(lines(20, R"(evil\u001b[31m.com)")) == 0);
}

TEST_CASE("a line that is repaired is parsed without allocating") {
  CHECK(allocations_of_second_half(lines(20, "caf\xE9.example.com")) == 0);
}

TEST_CASE("an event is encoded with one allocation") {
  auto batch = lines(1, "api.example.com");
  protocol::reader_line_parser parser;
  protocol::event x;
  REQUIRE(parser.parse(batch.at(0), batch.capacity_at(0), x)
          == outcome::complete);
  CHECK(allocations_in([&] {
          std::string out;
          encode(x, out);
        })
        == 1);
}

TEST_CASE("memory for a long line is given back when the next line comes") {
  std::string members;
  for (int i = 0; i < 10'000; ++i)
    members += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":null";
  const auto small = lines(2, "api.example.com");
  const std::string start = R"({"type":"shield_up","container":")";
  for (const auto& line : {start + std::string(200'000, 'c') + "\"}",
                           start + std::string(200'000, '\xFF') + "\"}",
                           start + R"(c","dossier":{)" + members + "}}",
                           start + R"(c","dossier":{")"
                               + std::string(200'000, 'k') + R"(":1}})"}) {
    protocol::reader_line_parser parser;
    protocol::event x;
    auto parse_small = [&] {
      REQUIRE(parser.parse(small.at(0), small.capacity_at(0), x)
              == outcome::complete);
      return test::allocated_bytes();
    };
    auto before = parse_small();
    REQUIRE(parser.parse(line, line.size(), x) == outcome::complete);
    // The strings of the event may have grown up to their limit.
    CHECK(parse_small() <= before + 1024);
  }
}
