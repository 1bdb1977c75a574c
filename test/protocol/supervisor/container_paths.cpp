#include "protocol/supervisor/path_fault.hpp"

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
  CHECK(y.gate_lock == y.gate_private + "/lock/gate-server.sock.lock");
  CHECK(y.gate_home == y.gate_private + "/home");
  CHECK(y.gate_hooks == y.gate_private + "/hooks");
  CHECK(y.gate_tmp == y.gate_private + "/tmp");
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
  CHECK_FALSE(y.gate_tmp.starts_with(shared));
}

TEST_CASE("paths that no service could be reached at are told") {
  sidecar x;
  x.container_name = "demo";
  auto fault = [&](std::string_view runtime_dir) {
    x.runtime_dir = runtime_dir;
    const auto result = fault_of(x, paths_of(x, "0123456789abcdef"));
    return result ? to_string(*result) : "";
  };
  CHECK(fault("/run/user/7/terok/sandbox") == "");
  CHECK(fault("/t/sandbox") == "");
  for (auto bad : {"/sandbox", "/run/terok", "/run/terok/sandbox2", "/run"}) {
    CAPTURE(bad);
    CHECK(fault(bad).starts_with("runtime_dir: `" + std::string{bad}
                                 + "` does not end with a directory and "));
  }
  // <terok>/events/<id12>/ingester.sock is the longest.
  const std::string fits(socket_path_max_bytes - 35, 'x');
  REQUIRE(("/" + fits + "/events/0123456789ab/ingester.sock").size()
          == socket_path_max_bytes);
  CHECK(fault("/" + fits + "/sandbox") == "");
  CHECK(fault("/x" + fits + "/sandbox")
        == "runtime_dir: the socket's path /x" + fits
               + "/events/0123456789ab/ingester.sock is longer than the 107 "
                 "bytes that a socket's path may have");
}

TEST_CASE("a gate's socket that could not be bound costs the gate alone") {
  sidecar x;
  x.container_name = std::string(60, 'n');
  x.runtime_dir = "/" + std::string(30, 'x') + "/sandbox";
  const auto paths = paths_of(x, "0123456789abcdef");
  CHECK_FALSE(gate_fault_of(x, paths));
  x.gate.emplace();
  CHECK_FALSE(fault_of(x, paths));
  REQUIRE(gate_fault_of(x, paths));
  CHECK(to_string(*gate_fault_of(x, paths))
        == "container_name: the socket's path " + paths.gate_socket
               + " is longer than the 107 bytes that a socket's path may have");
  x.ipc_mode = sidecar::ipc::tcp;
  CHECK_FALSE(gate_fault_of(x, paths));
  x.gate.reset();
  x.gate_fault = {"gate_port", "is missing"};
  CHECK(to_string(*gate_fault_of(x, paths)) == "gate_port: is missing");
}

} // namespace container_paths_tests
