/// For tests that cannot run here. `test/run` counts the lines that they print.
#pragma once

#include <doctest/doctest.h>

#include <cstdio>
#include <string_view>

namespace clearance::test {

/// Prints `skipped: TEST: REASON` on stdout, where TEST is the test case that
/// runs. The caller returns.
inline void skipped(std::string_view reason) {
  std::printf("skipped: %s: %.*s\n",
              doctest::getContextOptions()->currentTest->m_name,
              static_cast<int>(reason.size()), reason.data());
  std::fflush(stdout);
}

} // namespace clearance::test
