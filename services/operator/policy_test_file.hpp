/// What a policy is expected to decide, as a file.
#pragma once

#include "protocol/operator/policy_inquiry.hpp"
#include "protocol/operator/policy_reader.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::services {

/// One `[[test]]`.
struct policy_expectation {
  std::size_t line = 0;
  std::string target; ///< as it is written
  protocol::policy_inquiry asked;
  protocol::policy_action expected = protocol::policy_action::ask;
};

/// Reads the text of a file. `file` is its name in faults.
std::variant<std::vector<policy_expectation>, protocol::policy_fault>
parse_policy_test(const std::string& file, std::string_view text);

} // namespace clearance::services
