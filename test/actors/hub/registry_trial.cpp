#include "test/support/model/registry_trial.hpp"

#include <doctest/doctest.h>

#include <random>

namespace registry_trial_tests {

using namespace clearance;

TEST_CASE("registry, subscribers and executor keep their promises in any "
          "order") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    auto choose = [&](std::size_t n) { return random() % n; };
    test::registry_trial trial;
    for (int i = 0; i < 300; ++i)
      trial.step(choose);
    trial.finish();
  }
}

} // namespace registry_trial_tests
