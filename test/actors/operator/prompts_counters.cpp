// What the prompts count, as the metrics read it.

#include "actors/base/counter_board.hpp"
#include "test/support/fixture/operators_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace prompts_counters_tests {

using namespace clearance;
using namespace clearance::test;

namespace {

actors::hub_config hub_on(actors::counter_board_ptr board) {
  actors::hub_config result;
  result.board = std::move(board);
  return result;
}

std::optional<std::uint64_t> counted(const actors::counter_board& board,
                                     std::string_view what) {
  const auto all = board.collect();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& x) {
    return x.part == "prompts" && x.name == what;
  });
  return found == all.end() ? std::nullopt : std::optional{found->value};
}

} // namespace

// The board is asked between two handlers of the prompts. They sent the message
// to themselves with the execution unit of their last handler, which was gone.
TEST_CASE("prompts that are asked for their counters look at their news") {
  const auto board = std::make_shared<actors::counter_board>();
  operators_fixture s{{}, hub_on(board)};
  CHECK_EQ(counted(*board, "prompts_waiting"), 0);
  s.block("web", "r1", "pypi.org");
  s.block("web", "r2", "npmjs.org");
  // Nobody watches, so the blocks wait in the box.
  CHECK_EQ(counted(*board, "prompts_waiting"), 0);
  s.run();
  CHECK_EQ(counted(*board, "prompts_waiting"), 2);
  CHECK_EQ(counted(*board, "blocks"), 2);
  s.block("web", "r3", "pypi.org");
  // Nothing waits twice for the same news.
  counted(*board, "blocks");
  counted(*board, "blocks");
  s.run();
  CHECK_EQ(counted(*board, "blocks"), 3);
}

// What has waited in the box is lost with the hub; what was counted stays.
TEST_CASE("what prompts have counted stays when their hub ends") {
  const auto board = std::make_shared<actors::counter_board>();
  {
    operators_fixture s{{}, hub_on(board)};
    s.block("web", "r1", "pypi.org");
    counted(*board, "blocks");
    s.run();
    s.block("web", "r2", "npmjs.org");
  }
  CHECK_EQ(counted(*board, "blocks"), 1);
  CHECK_EQ(counted(*board, "prompts_waiting"), std::nullopt);
}

} // namespace prompts_counters_tests
