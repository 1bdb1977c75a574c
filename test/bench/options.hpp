/// The command line.
#pragma once

#include "test/bench/workload.hpp"

#include <string>
#include <vector>

namespace clearance::bench {

struct options {
  plan how;
  std::string json;                ///< where to; empty: nowhere
  std::vector<std::string> chosen; ///< none: all workloads
  bool check = false;
};

/// Ends the process where there is nothing to measure: --help, --list, and
/// with 2 on wrong usage.
options parse(const std::vector<std::string>& words);

} // namespace clearance::bench
