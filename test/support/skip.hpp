/// Tests that cannot run here say so; `test/run` counts the lines.
#pragma once

#include <cstdio>
#include <string_view>

namespace clearance::test {

/// Prints `skipped: TEST: REASON` on stdout.
inline void skipped(std::string_view test, std::string_view reason) {
  std::printf("skipped: %.*s: %.*s\n", static_cast<int>(test.size()),
              test.data(), static_cast<int>(reason.size()), reason.data());
  std::fflush(stdout);
}

} // namespace clearance::test
