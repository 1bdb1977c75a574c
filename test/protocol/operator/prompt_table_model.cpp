#include "test/support/model/prompt_trial.hpp"

#include <doctest/doctest.h>

#include <random>
#include <stdexcept>
#include <string>

namespace prompt_table_model_tests {

using clearance::test::prompt_trial;

TEST_CASE("the prompt table does what a naive model does") {
  std::map<std::string, std::size_t> seen;
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 engine{seed};
    auto choose = [&](std::size_t n) -> std::size_t { return engine() % n; };
    prompt_trial trial{choose};
    for (int step = 0; step < 300; ++step)
      try {
        trial.step(choose);
      } catch (const std::runtime_error& x) {
        FAIL(std::string{x.what()}, " (seed ", seed, ", step ", step, ")");
      }
    for (const auto& [what, count] : trial.seen())
      seen[what] += count;
  }
  for (const auto* what : {"decided", "gonecontainer_exited", "goneshield_down",
                           "goneshield_disengaged", "goneforgotten", "failed",
                           "changed", "no room"})
    CHECK_MESSAGE(seen[what] > 5, std::string{what}, " ", seen[what]);
}

} // namespace prompt_table_model_tests
