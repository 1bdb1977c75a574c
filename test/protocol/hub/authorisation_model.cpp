#include "test/support/model/authorisation_model.hpp"

#include <doctest/doctest.h>

#include <random>

namespace authorisation_model_tests {

using clearance::test::authorisation_trial;
using mode = authorisation_trial::mode;

namespace {

/// 40 000 operations; fixed seeds, so that a failure can be looked at.
void run(mode how, unsigned seed) {
  std::mt19937 random{seed};
  authorisation_trial trial{how};
  auto choose = [&](std::size_t n) { return random() % n; };
  CAPTURE(seed);
  for (int i = 0; i < 40000; ++i) {
    try {
      trial.step(choose);
    } catch (const std::exception& x) {
      FAIL("operation ", i, ": ", x.what());
    }
  }
  CHECK_NOTHROW(trial.finish());
}

} // namespace

TEST_CASE("the map is its model where no event is handed") {
  for (unsigned seed : {1u, 2u})
    run(mode::never_handed, seed);
}

TEST_CASE("the map is its model where bytes have no bound") {
  for (unsigned seed : {3u, 4u})
    run(mode::no_byte_bound, seed);
}

TEST_CASE("the bounds hold whatever is handed when") {
  for (unsigned seed : {5u})
    run(mode::rough, seed);
}

} // namespace authorisation_model_tests
