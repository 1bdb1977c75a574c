#include "services/process/paths.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

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

TEST_CASE("a relative path is made absolute, unless it gets too long") {
  const auto here = std::filesystem::current_path();
  CHECK(absolute_socket_path("/run/c.sock") == "/run/c.sock");
  CHECK(absolute_socket_path("./d/../c.sock") == (here / "c.sock").string());
  CHECK(absolute_socket_path("") == "");
  const std::string longest(socket_path_max_bytes, 'x');
  CHECK(absolute_socket_path(longest) == longest);
}

} // namespace paths_tests
