#include "services/process/paths.hpp"

#include <doctest/doctest.h>

namespace paths_tests {

using namespace clearance::services;

TEST_CASE("an absolute XDG_RUNTIME_DIR is where the sockets are") {
  CHECK(runtime_directory("/run/user/7", 1000) == "/run/user/7");
}

TEST_CASE("without a usable XDG_RUNTIME_DIR the user's own directory is") {
  CHECK(runtime_directory(nullptr, 1000) == "/run/user/1000");
  CHECK(runtime_directory("", 1000) == "/run/user/1000");
  CHECK(runtime_directory("run", 0) == "/run/user/0");
}

TEST_CASE("the sockets have the names of clearance.md") {
  CHECK(default_clearance_socket("/r") == "/r/terok-clearance.sock");
  CHECK(default_reader_socket("/r/") == "/r/terok-shield-events.sock");
  CHECK(default_verdict_socket("/r") == "/r/terok-clearance-verdict.sock");
  CHECK(containers_directory("/r") == "/r/terok/clearance");
}

} // namespace paths_tests
