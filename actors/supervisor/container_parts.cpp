#include "actors/supervisor/container_parts.hpp"

#include "protocol/text/sha256.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace clearance::actors {

prompts_config prompts_of(const protocol::sidecar& x,
                          const container_quotas& quotas) {
  prompts_config result;
  result.id = x.container_id;
  auto& limits = result.limits;
  limits.per_container = limits.total =
      std::min(limits.per_container, quotas.open_requests);
  limits.per_container_bytes = limits.total_bytes = quotas.open_request_bytes;
  return result;
}

hub_config hub_of(const protocol::sidecar& x,
                  const protocol::container_paths& paths,
                  const container_quotas& quotas,
                  const protocol::byte_budget_ptr& held) {
  hub_config result;
  result.clearance_socket = paths.clearance_socket;
  result.reader_socket = paths.reader_socket;
  result.only_container.emplace(x.container_id, x.container_name);
  // The hub serves one container, so its limits for all containers are those
  // for one.
  result.limits = {quotas.open_requests, quotas.open_requests,
                   quotas.open_request_bytes, quotas.open_request_bytes};
  result.readers_max = quotas.readers;
  result.clients_max = quotas.clients;
  result.subscribers_max = quotas.subscribers;
  result.held_max_bytes = quotas.held_bytes;
  result.held_whole = held;
  if (quotas.keeps_prompts)
    result.spawn_operators = operators_with(prompts_of(x, quotas));
  return result;
}

gate_config gate_of(const protocol::sidecar& x,
                    const protocol::container_paths& paths,
                    const container_surroundings& around) {
  const auto& gate = x.gate.value();
  gate_config result;
  if (x.ipc_mode == protocol::sidecar::ipc::socket) {
    result.listen.path = paths.gate_socket;
    result.listen.lock = paths.gate_lock;
    result.listen.selinux_type = around.selinux_type;
  } else {
    result.listen.address = "127.0.0.1";
    result.listen.port = x.gate_port;
  }
  result.grants =
      one_grant(protocol::sha256(gate.token.reveal()), gate.project_id);
  result.backends_max = around.quotas.git_children;
  result.listen.connections_max = around.quotas.gate_connections;
  result.backend.program = around.git_http_backend;
  auto& cgi = result.backend.cgi;
  cgi.path = around.path;
  cgi.git_exec_path = around.git_exec_path;
  cgi.home = paths.gate_home;
  cgi.hooks_path = paths.gate_hooks;
  cgi.tmpdir = paths.gate_tmp;
  cgi.project_root = gate.base_path;
  result.upkeep.program = around.terok_gate;
  result.upkeep.mirror_root = gate.base_path;
  return result;
}

} // namespace clearance::actors
