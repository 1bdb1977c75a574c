/// Finds containers whose services nobody could ever reach.
#pragma once

#include "protocol/supervisor/container_paths.hpp"
#include "protocol/supervisor/sidecar.hpp"

#include <cstddef>
#include <optional>

namespace clearance::protocol {

/// Bytes of a unix socket's path, its final NUL not counted. Source: unix(7).
inline constexpr std::size_t socket_path_max_bytes = 107;

/// Why nobody can ever reach a service of that container, so that a new attempt
/// is useless: `runtime_dir` is not a directory `sandbox` in another one, or it
/// makes a socket's path too long. None: the paths can be used.
std::optional<sidecar_fault> fault_of(const sidecar& x,
                                      const container_paths& paths);

/// Why the container's gate cannot run although the sidecar asks for one: a
/// fault in a field of the gate, or a socket's path that is too long. None: the
/// gate can run, or there is none.
std::optional<sidecar_fault> gate_fault_of(const sidecar& x,
                                           const container_paths& paths);

} // namespace clearance::protocol
