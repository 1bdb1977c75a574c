#include "actors/base/counter_board.hpp"

#include "test/support/fixture/log_record.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>

namespace counter_board_tests {

using namespace clearance;
using namespace clearance::actors;
using protocol::counter;
using protocol::counter_list;

TEST_CASE("a board asks all parts") {
  const auto board = std::make_shared<counter_board>();
  CHECK(board->collect().empty());
  std::uint64_t events = 1;
  const auto first = board->add([&](counter_list& to) {
    to.push_back({"registry", "events", events});
  });
  const auto second = board->add([](counter_list& to) {
    to.push_back({"gate", "left", 7});
  });
  events = 3;
  CHECK(board->collect()
        == counter_list{{"registry", "events", 3}, {"gate", "left", 7}});
}

TEST_CASE("what a part has counted stays, what it holds goes with it") {
  const auto board = std::make_shared<counter_board>();
  for (std::uint64_t i = 1; i <= 2; ++i) {
    const auto place = board->add([&](counter_list& to) {
      to.push_back({"registry", "subscribers", 5});
      to.push_back({"registry", "events", 10 * i});
      to.push_back({"registry", "no metric", 1});
    });
  }
  CHECK(board->collect() == counter_list{{"registry", "events", 30}});
}

TEST_CASE("a place may be moved, and outlive everybody else's board") {
  auto board = std::make_shared<counter_board>();
  std::optional<counter_board::place> place;
  {
    auto made = board->add([](counter_list& to) {
      to.push_back({"registry", "events", 1});
    });
    place.emplace(std::move(made));
  }
  CHECK(board->collect().size() == 1);
  const std::weak_ptr<counter_board> seen = board;
  board.reset();
  CHECK_FALSE(seen.expired());
  place.reset();
  CHECK(seen.expired());
}

TEST_CASE("without a board nothing is shown") {
  const auto place =
      show_counters(nullptr, [](counter_list&) { FAIL("nobody asks"); });
}

TEST_CASE("the log has the same numbers") {
  test::log_record log;
  log_counters("gate", {{"gate", "left", 7}, {"gate", "running", 0}});
  const auto line = log.only("counters");
  CHECK(line["left"] == "7");
  CHECK(line["running"] == "0");
}

} // namespace counter_board_tests
