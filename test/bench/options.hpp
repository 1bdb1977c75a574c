/// The command line of bench-hub.
#pragma once

#include "test/bench/workload.hpp"

#include <string>
#include <vector>

namespace clearance::bench {

struct options {
  plan how;
  std::string json;                ///< file for the figures; empty: none
  std::vector<std::string> chosen; ///< workloads to run; none: all
  bool check = false;
};

/// Ends the process if there is nothing to measure: after --help and --list
/// with 0, after wrong usage with 2.
options parse(const std::vector<std::string>& words);

} // namespace clearance::bench
