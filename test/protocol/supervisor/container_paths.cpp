#include "protocol/supervisor/container_paths.hpp"

#include <doctest/doctest.h>

namespace container_paths_tests {

using namespace clearance::protocol;

TEST_CASE("the paths of a container are those of the contract") {
  sidecar x;
  x.container_name = "demo";
  x.runtime_dir = "/run/user/7/terok/sandbox";
  const auto y = paths_of(x, "0123456789abcdef");
  CHECK(y.clearance_socket
        == "/run/user/7/terok/clearance/0123456789ab/hub.sock");
  CHECK(y.reader_socket
        == "/run/user/7/terok/events/0123456789ab/ingester.sock");
  CHECK(y.verdict_socket == "/run/user/7/terok/verdict/0123456789ab.sock");
  CHECK(y.gate_socket
        == "/run/user/7/terok/sandbox/run/demo/gate/gate-server.sock");
  CHECK(y.gate_private == "/run/user/7/terok/sandbox/gate-private/demo");
  CHECK(y.gate_home == y.gate_private + "/home");
  CHECK(y.gate_hooks == y.gate_private + "/hooks");
}

TEST_CASE("a runtime directory below the root has the root as its parent") {
  sidecar x;
  x.container_name = "c";
  x.runtime_dir = "/sandbox";
  CHECK(paths_of(x, "0123456789ab").verdict_socket
        == "/verdict/0123456789ab.sock");
}

// A container can write everything below the directory of its gate's socket.
TEST_CASE("nothing private lies beside the gate's socket") {
  sidecar x;
  x.container_name = "run";
  x.runtime_dir = "/r/t/s";
  const auto y = paths_of(x, "0123456789ab");
  const auto shared = y.gate_socket.substr(0, y.gate_socket.rfind('/') + 1);
  CHECK_FALSE(y.gate_home.starts_with(shared));
  CHECK_FALSE(y.gate_hooks.starts_with(shared));
}

} // namespace container_paths_tests
