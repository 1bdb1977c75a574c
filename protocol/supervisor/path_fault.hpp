/// Finds containers whose services can never be reached.
#pragma once

#include "protocol/supervisor/container_paths.hpp"
#include "protocol/supervisor/sidecar.hpp"

#include <cstddef>
#include <optional>

namespace clearance::protocol {

/// Bytes of a unix socket's path, its final NUL not counted. Source: unix(7).
inline constexpr std::size_t socket_path_max_bytes = 107;

/// Why the services of the container can never be reached, so that a new
/// attempt is useless: `runtime_dir` is not a directory `sandbox` in another
/// directory, or it makes a socket's path too long. Nothing: the paths can be
/// used.
std::optional<sidecar_fault> fault_of(const sidecar& x,
                                      const container_paths& paths);

/// Why the container's gate cannot run although the sidecar asks for one: a
/// field of the gate has a fault, or a socket's path is too long. Nothing: the
/// gate can run, or none is wanted.
std::optional<sidecar_fault> gate_fault_of(const sidecar& x,
                                           const container_paths& paths);

} // namespace clearance::protocol
