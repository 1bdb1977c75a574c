/// Finds the files of the policy, checks their owner and mode, and reads them
/// as TOML.
#pragma once

#include "protocol/operator/policy_reader.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::services {

/// Reads the text of one policy file. `file` is its name in faults. If there
/// are several faults, the one with the lowest line is returned.
std::variant<protocol::policy_part, protocol::policy_fault>
parse_policy(const std::string& file, std::string_view text,
             const protocol::public_suffix_test& is_public_suffix = {});

/// The values of a TOML text. `file` is its name in faults.
std::variant<protocol::policy_value, protocol::policy_fault>
parse_policy_toml(const std::string& file, std::string_view text);

/// A directory with policy files.
struct policy_directory {
  std::string path;
  /// A setting names the directory, so it is a fault if it is missing.
  bool is_required = true;
};

/// Reads every `*.toml` of the directories, by directory and then by name.
/// Names that begin with a dot are skipped. Returns all or a fault. A directory
/// or file is a fault if it cannot be read, if it belongs neither to root nor
/// to us, or if others may write it. Blocks while the files are read.
std::variant<protocol::policy_part, protocol::policy_fault>
load_policy(const std::vector<policy_directory>& directories,
            const protocol::public_suffix_test& is_public_suffix = {});

} // namespace clearance::services
