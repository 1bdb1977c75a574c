#include "services/process/inheritance.hpp"

#include <doctest/doctest.h>

namespace inheritance_tests {

using clearance::services::user_fault;

namespace {

constexpr auto everybody = "         0          0 4294967295\n";
constexpr auto one_user = "         0       1000          1\n";
constexpr auto container = "0 1000 1\n1 100000 65536\n";

} // namespace

TEST_CASE("the overflow uid is refused where the namespace leaves out users") {
  CHECK_FALSE(user_fault(65534, 65534, one_user).empty());
  CHECK_FALSE(user_fault(65534, 65534, "").empty()); // nobody is mapped
  // `nobody` of a container: users outside of it have the same number.
  CHECK_FALSE(user_fault(65534, 65534, container).empty());
  CHECK_FALSE(user_fault(7, 7, container).empty()); // sysctl says so
}

TEST_CASE("every other uid is accepted") {
  CHECK(user_fault(0, 65534, one_user).empty());
  CHECK(user_fault(1000, 65534, container).empty());
  CHECK(user_fault(65534, 7, container).empty());
  // Outside of user namespaces `nobody` is a user like others.
  CHECK(user_fault(65534, 65534, everybody).empty());
  CHECK(user_fault(65534, 65534, "0 100000 4294967295\n").empty());
}

TEST_CASE("a kernel without user namespaces has one user of each number") {
  // /proc/self/uid_map is not there.
  CHECK(user_fault(65534, 65534, std::nullopt).empty());
}

} // namespace inheritance_tests
