/// Tests that cannot run here, said so that test/run counts them.
#pragma once

#include <doctest/doctest.h>

#include <cstdio>
#include <string>

namespace clearance::test {

/// Prints the line that test/run looks for. doctest itself counts the test as
/// passed; test/run takes it off.
inline void report_skipped(const std::string& reason) {
  const auto* test = doctest::getContextOptions()->currentTest;
  std::printf("skipped: %s: %s\n", test == nullptr ? "?" : test->m_name,
              reason.c_str());
  std::fflush(stdout);
}

}  // namespace clearance::test

/// Ends the test case as skipped. `reason` says what is missing here.
#define SKIP_TEST(reason)                                                      \
  do {                                                                         \
    ::clearance::test::report_skipped(reason);                                 \
    return;                                                                    \
  } while (false)
