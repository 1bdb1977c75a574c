/// Limits of the operator interface: value, unit, reason, and what happens at
/// the limit.
#pragma once

#include <chrono>
#include <cstddef>

namespace clearance::protocol::operator_limits {

using namespace std::chrono_literals;

// -- policy -------------------------------------------------------------------

/// Bytes of one policy file, number of files, and number of all their rules. At
/// the limit no file is loaded.
inline constexpr std::size_t policy_file_max_bytes = 1024 * 1024;
inline constexpr std::size_t policy_files_max = 256;
inline constexpr std::size_t policy_rules_max = 4096;

/// Targets, ports and conditions of one rule. At the limit the file is refused.
inline constexpr std::size_t rule_targets_max = 1024;
inline constexpr std::size_t rule_ports_max = 256;
inline constexpr std::size_t rule_conditions_max = 32;

/// Bytes of a rule's name, of its reason, and of the value of a condition. They
/// are shown to people. At the limit the file is refused.
inline constexpr std::size_t rule_name_max_bytes = 128;
inline constexpr std::size_t rule_why_max_bytes = 512;
inline constexpr std::size_t rule_condition_max_bytes = 256;

// -- prompts ------------------------------------------------------------------

/// Prompts of one container that wait or are being decided. At the limit the
/// container's oldest waiting prompt becomes gone (`forgotten`).
inline constexpr std::size_t prompts_per_container_max = 4096;

/// The same for all containers. At the limit the oldest prompt of the container
/// that asks becomes gone. A container without a waiting prompt gets no new
/// one.
inline constexpr std::size_t prompts_total_max = 32768;

/// Bytes of the prompts of one container and of all containers, also of decided
/// and gone ones. At the limit the oldest decided and gone prompts are removed
/// first. Then the same happens as above.
inline constexpr std::size_t prompts_per_container_max_bytes = 2 * 1024 * 1024;
inline constexpr std::size_t prompts_total_max_bytes = 16 * 1024 * 1024;

/// For how long a decided or gone prompt stays visible, and how many of one
/// container. The oldest are removed.
inline constexpr auto prompt_retention = 10min;
inline constexpr std::size_t finished_prompts_per_container_max = 256;

/// Addresses, ports and protocols that one prompt lists. More addresses are
/// counted; more ports and protocols are not listed.
inline constexpr std::size_t prompt_addresses_max = 16;
inline constexpr std::size_t prompt_ports_max = 16;

/// Keys and bytes of the dossier of one container. More keys are counted.
inline constexpr std::size_t dossier_max_keys = 32;
inline constexpr std::size_t dossier_max_bytes = 8 * 1024;

/// Containers without a prompt that an operator has made quiet. At the limit
/// `Quiet` fails.
inline constexpr std::size_t quiet_containers_max = 1024;

} // namespace clearance::protocol::operator_limits
