#include "test/bench/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace clearance::bench {

double percentile(std::vector<double> xs, double share) {
  if (xs.empty())
    return std::numeric_limits<double>::quiet_NaN();
  const auto rank = std::ceil(share * static_cast<double>(xs.size()));
  const auto at = rank < 1 ? 0 : static_cast<std::ptrdiff_t>(rank) - 1;
  const auto it = xs.begin() + at;
  std::nth_element(xs.begin(), it, xs.end());
  return *it;
}

double median(const std::vector<double>& xs) {
  return percentile(xs, 0.5);
}

} // namespace clearance::bench
