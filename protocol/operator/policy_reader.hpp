/// Reads the policy from the values of its files.
#pragma once

#include "protocol/operator/policy.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::protocol {

struct policy_member;

/// One value of a policy file, and its line.
struct policy_value {
  enum class kind : std::uint8_t {
    text,
    integer,
    boolean,
    date,
    list,
    table,
    other, ///< a type that no setting has, such as a fraction or a time
  };

  kind type = kind::other;
  std::size_t line = 0;
  std::string text;
  std::int64_t number = 0;
  bool truth = false;
  std::chrono::sys_days date;
  std::vector<policy_value> items;    ///< of a list
  std::vector<policy_member> members; ///< of a table; keys are unique
};

struct policy_member {
  std::string key;
  std::size_t line = 0; ///< of the key
  policy_value value;
};

/// What is wrong with a policy file.
struct policy_fault {
  std::string file;
  std::size_t line = 0; ///< 0: the file as a whole
  std::string key;      ///< empty: the fault is not in one key
  std::string why;

  friend bool operator==(const policy_fault&, const policy_fault&) = default;
};

/// `FILE:LINE: KEY: WHY`, one printable line.
std::string to_string(const policy_fault& x);

/// One file's part of the policy.
struct policy_part {
  policy rules;
  /// Faults that do not stop the load: wildcards over a public suffix, such as
  /// `*.co.uk`.
  std::vector<policy_fault> warnings;
  /// Targets that no rule can allow, in rules that allow: what they match is
  /// always an ask. No fault: the policy is good.
  std::vector<policy_fault> never_allowed;
};

/// Whether everybody can register names below `name`, as under `co.uk`. A name
/// of one label is always a public suffix; this function need not know that.
using public_suffix_test = std::function<bool(const std::string& name)>;

/// Reads the file's table `root`. If there are several faults, the one with the
/// lowest line is returned.
std::variant<policy_part, policy_fault>
read_policy(std::string_view file, const policy_value& root,
            const public_suffix_test& is_public_suffix = {});

/// Combines all files: the rules of all of them, and the strictest `default`
/// and `unattended`. It is a fault if two rules have the same name, or if there
/// are too many rules.
std::variant<policy_part, policy_fault> combine(std::vector<policy_part> parts);

} // namespace clearance::protocol
