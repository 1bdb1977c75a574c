/// The policy's files: found, judged by owner and mode, and read as TOML.
#pragma once

#include "protocol/operator/policy_reader.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::services {

/// Reads the text of one policy file. `file` is its name in faults. The fault
/// is the first one of the file by line.
std::variant<protocol::policy_part, protocol::policy_fault>
parse_policy(const std::string& file, std::string_view text,
             const protocol::public_suffix_test& is_public_suffix = {});

/// Where policy files are.
struct policy_directory {
  std::string path;
  /// Somebody named the directory: that it is not there is a fault.
  bool is_required = true;
};

/// Reads every `*.toml` of the directories, all or nothing: by directory, then
/// by name; names that begin with a dot are left out. A directory or file that
/// cannot be read, is neither root's nor ours, or that others may write, is a
/// fault. Blocks while the files are read.
std::variant<protocol::policy_part, protocol::policy_fault>
load_policy(const std::vector<policy_directory>& directories,
            const protocol::public_suffix_test& is_public_suffix = {});

} // namespace clearance::services
