/// Containers that no service could ever be reached for.
#pragma once

#include "protocol/supervisor/container_paths.hpp"
#include "protocol/supervisor/sidecar.hpp"

#include <cstddef>
#include <optional>

namespace clearance::protocol {

/// Bytes of a unix socket's path, its final NUL not counted. Source: unix(7).
inline constexpr std::size_t socket_path_max_bytes = 107;

/// Why no service of that container could ever be reached, whatever is tried
/// again: `runtime_dir` is not a directory `sandbox` in another one, or makes a
/// socket's path too long. None: the paths can be used.
std::optional<sidecar_fault> fault_of(const sidecar& x,
                                      const container_paths& paths);

} // namespace clearance::protocol
