// Input: the mode, then a byte for each choice of an operation. Product and
// model must agree after each operation.

#include "test/fuzz/fuzz.hpp"
#include "test/support/model/authorisation_model.hpp"

#include <array>
#include <exception>

namespace authorisation_fuzzer {

namespace {

void run(const std::uint8_t* data, std::size_t size) {
  using clearance::test::authorisation_trial;
  using mode = authorisation_trial::mode;
  if (size == 0)
    return;
  constexpr std::array modes{mode::never_handed, mode::no_byte_bound,
                             mode::rough};
  authorisation_trial trial{modes.at(data[0] % modes.size())};
  std::size_t at = 1;
  auto choose = [&](std::size_t n) -> std::size_t {
    auto byte = [&] { return at < size ? data[at++] : 0U; };
    auto chosen = n <= 256 ? byte() : byte() << 8U | byte();
    return chosen % n;
  };
  try {
    while (at < size)
      trial.step(choose);
    trial.finish();
  } catch (const std::exception& x) {
    clearance::test::require(false, x.what());
  }
}

const clearance::test::fuzzer registered{"authorisation", run};

} // namespace

} // namespace authorisation_fuzzer
