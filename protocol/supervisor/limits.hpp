/// Limits of terok-supervisor: value, unit, reason, and what happens at the
/// limit.
#pragma once

#include <chrono>
#include <cstddef>

namespace clearance::protocol::supervisor_limits {

using namespace std::chrono_literals;

// -- sidecars -----------------------------------------------------------------

/// Bytes of a sidecar file. Real files have a few hundred. A larger file is
/// bad.
inline constexpr std::size_t sidecar_max_bytes = 64 * 1024;

/// How deep objects and arrays may be nested in a sidecar. A deeper one is bad.
inline constexpr std::size_t sidecar_nesting_max_depth = 64;

/// Bytes of a container's name: the file system's limit for a path component.
inline constexpr std::size_t name_max_bytes = 255;

/// Digits of a container's id, and how many of them name its directories.
inline constexpr std::size_t container_id_min_digits = 12;
inline constexpr std::size_t container_id_max_digits = 64;

/// Containers that are served at a time. More wait until one of them is gone.
/// All their connections, as limited below, fit into systemd's hard limit of
/// descriptors, 524288.
inline constexpr std::size_t containers_max = 1024;

/// Sidecars that are known at a time. More are reported as bad, and looked at
/// again when they change.
inline constexpr std::size_t sidecars_max = 4096;

// -- podman -------------------------------------------------------------------

/// Bytes of a list of running containers. What is longer is cut. The names and
/// ids of sidecars_max containers are shorter.
inline constexpr std::size_t podman_list_max_bytes = 2 * 1024 * 1024;

/// Bytes of podman's stderr that a log line shows. The rest is dropped.
inline constexpr std::size_t podman_stderr_max_bytes = 1024;

/// Time that one list may take. Then podman is killed, and the list is read
/// again after the delay below.
inline constexpr auto podman_list_time_max = 30s;

/// A podman that failed is started again after this delay.
inline constexpr auto podman_retry_delay = 5s;

/// The containers are listed once more this long after `podman events` was
/// started: it may have missed what happened while it started.
inline constexpr auto podman_settle_time = 2s;

// -- restarts -----------------------------------------------------------------

/// A service that ended by itself is started again after this delay. The delay
/// doubles each time that it ends again, up to the maximum.
inline constexpr auto restart_delay = 100ms;
inline constexpr auto restart_delay_max = 30s;

/// After a run of this length the next delay is the first one again.
inline constexpr auto restart_forgiven_after = 60s;

/// A service of another process that ends again and again is logged once in
/// this time, with the number of its other ends.
inline constexpr auto delegate_log_interval = 60s;

/// Time that all services of a container have to end when its parent process
/// stops. What still runs after it is killed.
inline constexpr auto parent_stop_grace = 5s;

// -- quotas of a container ----------------------------------------------------

/// Open requests of one container's hub, and their bytes, whatever container
/// its readers name. At the limit the oldest one is removed.
inline constexpr std::size_t open_requests_max = 4096;
inline constexpr std::size_t open_requests_max_bytes = 2 * 1024 * 1024;

/// Connections to one container's reader socket. More wait in the kernel's
/// queue.
inline constexpr std::size_t readers_max = 64;

/// Connections to one container's clearance socket, subscribers included. More
/// wait in the kernel's queue.
inline constexpr std::size_t clients_max = 256;

/// Subscribers among these connections. The connection of one more is closed.
inline constexpr std::size_t subscribers_max = 128;

/// Like limits::held_max_bytes: the first for each socket of a container, the
/// second for all sockets of all containers. At the limit the same happens.
inline constexpr std::size_t held_max_bytes = 2 * 1024 * 1024;
inline constexpr std::size_t held_total_max_bytes = 64 * 1024 * 1024;

/// Connections to one container's gate. More wait in the kernel's queue.
inline constexpr std::size_t gate_connections_max = 128;

/// Requests to one container's gate that a git process answers at a time.
/// More requests wait, as protocol/gate/limits.hpp says.
inline constexpr std::size_t git_children_max = 8;

} // namespace clearance::protocol::supervisor_limits
