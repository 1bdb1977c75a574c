// Input: a sidecar's bytes. If it is accepted, its paths stay in the
// directories where they belong, and its numbers are in their range.

#include "protocol/supervisor/sidecar.hpp"

#include "protocol/base/container_id.hpp"
#include "protocol/supervisor/container_paths.hpp"
#include "protocol/supervisor/path_fault.hpp"
#include "test/fuzz/fuzz.hpp"

#include <simdjson.h>

#include <algorithm>
#include <string>

namespace sidecar_fuzzer {

namespace {

using namespace clearance;
using namespace clearance::protocol;
using test::require;

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= 0x20 && c < 0x7f; });
}

void check_directory(const std::string& path) {
  require(path.size() > 1 && path.front() == '/' && path.back() != '/',
          "an absolute path");
  const auto slashed = path + "/";
  for (auto bad : {"//", "/./", "/../"})
    require(slashed.find(bad) == path.npos, "a path without detours");
  require(path.find('\0') == path.npos, "a path for the kernel");
}

// A path without a fault can be bound, and a fault is described in one line.
void check_fault(const sidecar& x, const container_paths& paths) {
  const auto fault = fault_of(x, paths);
  if (fault) {
    require(!fault->why.empty() && printable(to_string(*fault)),
            "one line says why");
    return;
  }
  for (auto* path :
       {&paths.clearance_socket, &paths.reader_socket, &paths.verdict_socket})
    require(path->size() <= socket_path_max_bytes, "a path for a socket");
  require(!x.gate || x.ipc_mode != sidecar::ipc::socket
              || paths.gate_socket.size() <= socket_path_max_bytes,
          "a path for the gate's socket");
}

void check_paths(const sidecar& x) {
  const auto y = paths_of(x, "0123456789abcdef");
  check_fault(x, y);
  for (auto* path : {&y.clearance_socket, &y.reader_socket, &y.verdict_socket,
                     &y.gate_socket, &y.gate_home, &y.gate_hooks, &y.gate_tmp})
    check_directory(*path);
  for (auto* path : {&y.gate_socket, &y.gate_home, &y.gate_hooks, &y.gate_tmp})
    require(path->starts_with(x.runtime_dir + "/"), "a path of our own");
  const auto shared = y.gate_socket.substr(0, y.gate_socket.rfind('/'));
  require(!y.gate_private.starts_with(shared), "nothing private is mounted");
}

void check(const sidecar& x) {
  require(!x.container_name.empty() && x.container_name != "."
              && x.container_name != ".."
              && x.container_name.find('/') == x.container_name.npos,
          "a safe name");
  check_directory(x.runtime_dir);
  require(x.container_id.empty() || is_container_id(x.container_id), "an id");
  require(!x.init_pid || *x.init_pid > 0, "a process");
  require(!x.gate || !x.gate_fault, "a gate that can run, or why not");
  if (x.gate_fault)
    require(!x.gate_fault->why.empty() && printable(to_string(*x.gate_fault)),
            "one line says why there is no gate");
  if (x.gate) {
    check_directory(x.gate->base_path);
    require(!x.gate->project_id.empty() && x.gate->project_id != ".."
                && x.gate->project_id.find('/') == std::string::npos,
            "a repository of its own");
    require(!x.gate->token.empty(), "a token");
    require(x.ipc_mode == sidecar::ipc::socket || x.gate_port > 0, "a port");
  }
  check_paths(x);
}

void run(const std::uint8_t* data, std::size_t size) {
  const auto text = test::as_text(data, size);
  const auto result = parse_sidecar(text);
  if (auto* x = std::get_if<sidecar>(&result)) {
    check(*x);
    return;
  }
  const auto& fault = std::get<sidecar_fault>(result);
  require(!fault.why.empty() && printable(to_string(fault)),
          "one line says why");
  // If a field has a fault, the file is a JSON object.
  simdjson::dom::parser parser;
  simdjson::dom::element top;
  if (!fault.field.empty()) {
    const auto error = parser.parse(text.data(), text.size()).get(top);
    require(error == simdjson::NUMBER_ERROR
                || (error == simdjson::SUCCESS && top.is_object()),
            "agreement on what is a JSON object");
  }
}

const test::fuzzer registered{"sidecar", run};

} // namespace

} // namespace sidecar_fuzzer
