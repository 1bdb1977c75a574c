/// The actions of `terok-clearance policy` but `check`. None needs a hub.
#pragma once

#include "services/operator/policy_setting.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace clearance::services {

/// `policy explain`: what the files would decide.
struct policy_explain_config {
  policy_setting where;
  std::string container;
  std::string target;
  std::vector<std::string> addresses;
  std::vector<std::int64_t> ports;
  std::vector<std::pair<std::string, std::string>> dossier;
};

/// `policy test`: whether the files decide what a file expects.
struct policy_test_config {
  std::string file;
  policy_setting where;
};

/// `policy propose`: rules made of what operators decided.
struct policy_propose_config {
  std::vector<std::string> trails; ///< files or directories; empty: the default
  std::int64_t since = 0;          ///< microseconds since the epoch
};

/// Each returns the exit code. explain: 2 if the policy has a fault. test: 1 if
/// something is decided otherwise, 2 for a fault. propose: 1 if no trail can be
/// read.
int explain_policy(const policy_explain_config& config);
int test_policy(const policy_test_config& config);
int propose_policy(const policy_propose_config& config);

} // namespace clearance::services
