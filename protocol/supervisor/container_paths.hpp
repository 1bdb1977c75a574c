/// Where the sockets and files of one container are.
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
  /// the gate's socket; its directory is mounted into the container
  std::string gate_socket;
  /// the gate's own files; this directory is never mounted
  std::string gate_private;
  std::string gate_home; ///< within gate_private, as are the next two
  std::string gate_hooks;
  std::string gate_tmp; ///< TMPDIR of git and of hooks
  /// the lock of the gate's socket: a container could hold a lock that lies in
  /// the mounted directory
  std::string gate_lock;
};

/// The first digits of a container's id, which stand in paths.
std::string_view short_id(std::string_view container_id) noexcept;

/// The paths of the container with this sidecar. `container_id` must be valid.
container_paths paths_of(const sidecar& x, std::string_view container_id);

} // namespace clearance::protocol
