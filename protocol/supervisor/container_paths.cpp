#include "protocol/supervisor/container_paths.hpp"

#include "protocol/supervisor/limits.hpp"

namespace clearance::protocol {

std::string_view short_id(std::string_view container_id) noexcept {
  return container_id.substr(0, supervisor_limits::container_id_min_digits);
}

container_paths paths_of(const sidecar& x, std::string_view container_id) {
  const std::string id{short_id(container_id)};
  const auto terok = x.runtime_dir.substr(0, x.runtime_dir.rfind('/'));
  container_paths result;
  result.clearance_socket = terok + "/clearance/" + id + "/hub.sock";
  result.reader_socket = terok + "/events/" + id + "/ingester.sock";
  result.verdict_socket = terok + "/verdict/" + id + ".sock";
  result.gate_socket =
      x.runtime_dir + "/run/" + x.container_name + "/gate/gate-server.sock";
  result.gate_private = x.runtime_dir + "/gate-private/" + x.container_name;
  result.gate_home = result.gate_private + "/home";
  result.gate_hooks = result.gate_private + "/hooks";
  result.gate_tmp = result.gate_private + "/tmp";
  result.gate_lock = result.gate_private + "/lock/gate-server.sock.lock";
  return result;
}

} // namespace clearance::protocol
