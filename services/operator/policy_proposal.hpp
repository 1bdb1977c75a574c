/// Rules that somebody could write, made from what operators decided.
#pragma once

#include "protocol/operator/audit_record.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace clearance::services {

/// Counts decisions by target. Only what operators decided and what was applied
/// counts.
class policy_proposal {
public:
  void add(const protocol::audit_line& x);

  /// A policy file with one rule for each target that was always decided in the
  /// same way and that has no flag. The rules expire 30 days after `now`
  /// (microseconds since the epoch). A person has to read it and to say why.
  std::string text(std::int64_t now) const;

private:
  struct tally {
    std::size_t count = 0;
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::set<std::string> containers;
  };

  /// By target and action.
  std::map<std::pair<std::string, std::string>, tally> tallies_;
};

} // namespace clearance::services
