/// Medians and percentiles.
#pragma once

#include <vector>

namespace clearance::bench {

/// The nearest-rank percentile: `share` (0..1) of `xs` are not above the value.
/// Sorts a copy. NaN if `xs` is empty.
double percentile(std::vector<double> xs, double share);

double median(const std::vector<double>& xs);

} // namespace clearance::bench
