/// The commands of terok-supervisor, as values.
#pragma once

#include "services/cli/config_file.hpp"
#include "services/cli/outcome.hpp"
#include "services/operator/audit_setting.hpp"
#include "services/operator/policy_setting.hpp"
#include "services/process/log_level.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace clearance::services {

inline constexpr auto supervisor_program = "terok-supervisor";

/// The type of sockets that are mounted into containers, in terok's policy.
inline constexpr auto default_selinux_type = "terok_socket_t";

enum class child_service : std::uint8_t { verdict, clearance, gate };

/// Runs one service of one container in this process.
struct supervise_child_options {
  child_service service = child_service::verdict;
  std::string container_id; ///< the id, or the container's name
  std::string sidecar;
  std::string shield; ///< empty: it is searched for
  std::string selinux_type = default_selinux_type;
  bool is_without_prompts = false;
  policy_setting policy; ///< read if prompts are kept
  audit_setting audit;   ///< its file is a directory
  std::string metrics;   ///< see metrics_place(); empty: none are served
  log_level level = log_level::info;
};

/// Runs all services of one container: ours in this process, those of other
/// programs as children.
struct parent_options {
  std::string container_id;
  std::string sidecar;
  std::int32_t pid = 0; ///< the container's first process; 0: unknown
  std::string shield;   ///< empty: it is searched for
  /// The command that starts a service of another program, its words separated
  /// by spaces. `none`: no such service is started. Empty: terok's own command.
  std::string delegate;
  bool isolate = false; ///< hub and gate run in children with a sandbox
  bool is_without_prompts = false;
  std::string selinux_type = default_selinux_type;
  policy_setting policy; ///< read if prompts are kept
  audit_setting audit;   ///< its file is a directory
  std::string metrics;   ///< see metrics_place(); empty: none are served
  log_level level = log_level::info;
};

/// Runs the services of all containers in this process.
struct supervise_options {
  std::string sidecar_dir;
  /// Only sidecars whose container podman names as running are served.
  bool podman = false;
  std::string shield; ///< empty: it is searched for
  std::string selinux_type = default_selinux_type;
  bool is_without_prompts = false;
  policy_setting policy; ///< read if prompts are kept
  audit_setting audit;   ///< its file is a directory
  std::string metrics;   ///< see metrics_server; empty: none are served
  log_level level = log_level::info;
};

using supervisor_command = std::variant<outcome, supervise_child_options,
                                        parent_options, supervise_options>;

/// Parses the command line without the program's name. Reads no files and no
/// environment variables.
supervisor_command
parse_supervisor_command_line(const std::vector<std::string>& words);

/// Checks a configuration file of `terok-supervisor`.
config_judge supervisor_judge();

/// Serves until it is stopped. Returns the exit code. Source: supervisor.md,
/// section 2.
int supervise_child(const supervise_child_options& options);

/// Serves until it is stopped or the container ends. Returns the exit code.
/// Source: supervisor.md, section 2a.
int supervise_container(const parent_options& options);

/// Serves until it is stopped. Returns the exit code. Source: the supervisor
/// contract, section 3.
int supervise(const supervise_options& options);

} // namespace clearance::services
