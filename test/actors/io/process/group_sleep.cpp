#include "actors/io/process/group_sleep.hpp"

#include <doctest/doctest.h>

#include <string_view>

namespace group_sleep_tests {

using clearance::io::sleeps_uninterruptibly;

TEST_CASE("state and group of a process are read after its name") {
  for (std::string_view stat :
       {"7 (git) D 1 42 42 0 -1 4194304", "7 (git) D 1 42 ",
        "7 () S 1 42 ) D 1 42 0", "7 (a b) c) D 1 42 42"}) {
    CAPTURE(stat);
    CHECK(sleeps_uninterruptibly(stat, 42));
    CHECK_FALSE(sleeps_uninterruptibly(stat, 4));
    CHECK_FALSE(sleeps_uninterruptibly(stat, 1));
  }
  for (std::string_view stat :
       {"", "7", "7 (git", "7 (git)", "7 (git) D", "7 (git) D ", "7 (git) D 1",
        "7 (git) D 1 ", "7 (git) D 1 42", "7 (git) D 1 x ", "7 (git) S 1 42 42",
        "7 (git) Z 1 42 42", "7 (D 1 42 ) R 1 42 42"}) {
    CAPTURE(stat);
    CHECK_FALSE(sleeps_uninterruptibly(stat, 42));
  }
}

} // namespace group_sleep_tests
