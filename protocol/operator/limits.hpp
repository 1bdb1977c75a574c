/// Limits of the operator interface: value, unit, reason, and what happens at
/// the limit.
#pragma once

#include <chrono>
#include <cstddef>

namespace clearance::protocol::operator_limits {

using namespace std::chrono_literals;

// -- policy -------------------------------------------------------------------

/// Bytes of one policy file, files of a load, and rules of all of them. At the
/// limit the load is refused.
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

} // namespace clearance::protocol::operator_limits
