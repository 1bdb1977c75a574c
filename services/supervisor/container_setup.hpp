/// What `supervise-child`, `supervisor` and `run` do before they start.
#pragma once

#include "actors/supervisor/container_parts.hpp"
#include "services/process/shield.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace clearance::services {

/// Reads and checks a sidecar, and sets the container's id to `container_id`,
/// which may also be a name. Throws setup_fault with exit_usage.
protocol::sidecar load_sidecar(const std::string& path,
                               const std::string& container_id);

/// The path of this program. Empty if /proc is missing.
std::string own_program();

/// The directory part of a path.
std::string parent_of(const std::string& path);

/// Makes directories that only this user can access. Existing directories that
/// others can access are closed to them. Throws setup_fault with
/// exit_cannot_start.
void make_directories(const std::vector<std::string>& paths);

/// Where a process serves its metrics: `where`, or if that ends in a slash, a
/// socket of that directory: the container's id (its first 12 digits) or name,
/// then `-SERVICE` if the process runs one service, then `.sock`.
std::string metrics_place(const std::string& where,
                          const std::string& container_id,
                          const std::string& service = {});

/// The terok-gate that the hooks of gates run. Empty: there is none, and a
/// warning says so.
std::string find_hook_program();

/// Whether this process runs gates.
enum class gates_here : std::uint8_t { some, none };

/// What the containers of this process share. Where there are gates, one line
/// each says if there is no git, and if their hooks cannot be run. Waits for
/// both.
actors::container_surroundings
find_surroundings(const shield_choice& shield, const std::string& selinux_type,
                  gates_here gates);

} // namespace clearance::services
