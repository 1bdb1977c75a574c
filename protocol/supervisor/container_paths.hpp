/// Where the services of one container are.
#pragma once

#include "protocol/supervisor/sidecar.hpp"

#include <string>
#include <string_view>

namespace clearance::protocol {

/// Source: supervisor.md, section 1.
struct container_paths {
  std::string clearance_socket;
  std::string reader_socket;
  std::string verdict_socket;
  std::string gate_socket;  ///< its directory is mounted into the container
  std::string gate_private; ///< and this one never is
  std::string gate_home;    ///< in gate_private, as the next one
  std::string gate_hooks;
};

/// The digits of a container's id that stand in paths.
std::string_view short_id(std::string_view container_id) noexcept;

/// Of a container with that sidecar. `container_id` is a valid one.
container_paths paths_of(const sidecar& x, std::string_view container_id);

} // namespace clearance::protocol
