/// What a command line says about the policy.
#pragma once

#include <string>
#include <vector>

namespace clearance::services {

struct policy_setting {
  std::vector<std::string> directories; ///< empty: the defaults
  bool is_off = false;                  ///< none is read
};

/// The options that mean `x`, for a command line.
inline std::vector<std::string> policy_arguments(const policy_setting& x) {
  std::vector<std::string> result;
  for (const auto& directory : x.directories)
    result.push_back("--policy=" + directory);
  if (x.is_off)
    result.emplace_back("--no-policy");
  return result;
}

/// `terok-clearance policy check`.
struct policy_check_config {
  policy_setting where;
};

/// Reads the policy as a hub does, says what is wrong or how many rules there
/// are, and returns the exit code: 2 for a fault.
int check_policy(const policy_check_config& config);

} // namespace clearance::services
