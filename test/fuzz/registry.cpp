// Input: a byte for each choice: what happens to the registry, its subscribers
// and the executor, and which of them runs next.

#include "test/fuzz/fuzz.hpp"
#include "test/support/model/registry_trial.hpp"

#include <doctest/doctest.h>

#include <exception>

namespace registry_fuzzer {

namespace {

// The doubles fail the test if actors use them in a wrong way.
const doctest::Context& doubles_abort() {
  static doctest::Context context;
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler([](const doctest::AssertData& x) {
    clearance::test::require(!x.m_failed, x.m_expr);
  });
  return context;
}

void run(const std::uint8_t* data, std::size_t size) {
  static const auto& context = doubles_abort();
  static_cast<void>(context);
  std::size_t at = 0;
  auto choose = [&](std::size_t n) -> std::size_t {
    return (at < size ? data[at++] : 0U) % n;
  };
  try {
    clearance::test::registry_trial trial;
    while (at < size)
      trial.step(choose);
    trial.finish();
  } catch (const std::exception& x) {
    clearance::test::require(false, x.what());
  }
}

const clearance::test::fuzzer registered{"registry", run};

} // namespace

} // namespace registry_fuzzer
