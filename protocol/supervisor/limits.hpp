/// Every number that terok-supervisor promises to hold: value, unit, reason,
/// and what happens at the bound.
#pragma once

#include <chrono>
#include <cstddef>

namespace clearance::protocol::supervisor_limits {

using namespace std::chrono_literals;

// -- sidecars -----------------------------------------------------------------

/// Bytes of a sidecar. Real ones have a few hundred; a larger one is bad.
inline constexpr std::size_t sidecar_max_bytes = 64 * 1024;

/// Objects and arrays within each other in a sidecar. A deeper one is bad.
inline constexpr std::size_t sidecar_nesting_max_depth = 64;

/// Bytes of a container's name: a file system's own bound for a component.
inline constexpr std::size_t name_max_bytes = 255;

/// Digits of a container's id, and how many of them name its directories.
inline constexpr std::size_t container_id_min_digits = 12;
inline constexpr std::size_t container_id_max_digits = 64;

/// Containers that are served at a time. More wait until one is gone. All their
/// connections, as bounded below, fit into systemd's hard limit of descriptors,
/// 524288.
inline constexpr std::size_t containers_max = 1024;

/// Sidecars that are known at a time. More are told as bad, and looked at again
/// when they change.
inline constexpr std::size_t sidecars_max = 4096;

// -- restarts -----------------------------------------------------------------

/// A service that ended on its own is started again after this long; each time
/// it ends again the delay doubles, up to the maximum ...
inline constexpr auto restart_delay = 100ms;
inline constexpr auto restart_delay_max = 30s;

/// ... and begins anew for one that has run for this long.
inline constexpr auto restart_forgiven_after = 60s;

// -- quotas of a container ----------------------------------------------------

/// Open requests of one container's hub, whatever containers its readers name,
/// and their bytes. At the bound the oldest goes.
inline constexpr std::size_t open_requests_max = 4096;
inline constexpr std::size_t open_requests_max_bytes = 2 * 1024 * 1024;

/// Connections to one container's readers' socket. More wait in the kernel's
/// queue.
inline constexpr std::size_t readers_max = 64;

/// Connections to one container's clearance socket, subscribers among them.
/// More wait in the kernel's queue.
inline constexpr std::size_t clients_max = 256;

/// Of those, clients that follow events. One more is turned away: its
/// connection is closed.
inline constexpr std::size_t subscribers_max = 128;

/// What limits::held_max_bytes says, of each of one container's sockets, and of
/// all containers'. The same happens.
inline constexpr std::size_t held_max_bytes = 2 * 1024 * 1024;
inline constexpr std::size_t held_total_max_bytes = 64 * 1024 * 1024;

/// Connections to one container's gate. More wait in the kernel's queue.
inline constexpr std::size_t gate_connections_max = 128;

/// `git http-backend`s of one container's gate that run at a time. More
/// requests wait, as gate_limits say.
inline constexpr std::size_t git_children_max = 8;

} // namespace clearance::protocol::supervisor_limits
