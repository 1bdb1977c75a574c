/// Medians and percentiles.
#pragma once

#include <vector>

namespace clearance::bench {

/// The value below which `share` (0..1) of `xs` lie, nearest rank. Sorts a
/// copy; NaN when there is none.
double percentile(std::vector<double> xs, double share);

double median(const std::vector<double>& xs);

} // namespace clearance::bench
