// Input: a byte for each choice. The choices make blocks, ends, decisions and
// policies in any order; the table is compared with a simple model.

#include "test/fuzz/fuzz.hpp"
#include "test/support/model/prompt_trial.hpp"

#include <exception>

namespace prompt_table_fuzzer {

namespace {

void run(const std::uint8_t* data, std::size_t size) {
  std::size_t at = 0;
  auto choose = [&](std::size_t n) -> std::size_t {
    return (at < size ? data[at++] : 0U) % n;
  };
  try {
    clearance::test::prompt_trial trial{choose};
    while (at < size)
      trial.step(choose);
  } catch (const std::exception& x) {
    clearance::test::require(false, x.what());
  }
}

const clearance::test::fuzzer registered{"prompt_table", run};

} // namespace

} // namespace prompt_table_fuzzer
