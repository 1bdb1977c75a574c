/// Collects figures of many runs, prints them as a table, writes them as JSON.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace clearance::bench {

/// The bound that a figure must keep.
struct bound {
  enum class kind { ratio_max, ratio_min, value_max, value_min };
  kind what;
  double limit;
};

inline bound ratio_max(double x) {
  return {bound::kind::ratio_max, x};
}
inline bound ratio_min(double x) {
  return {bound::kind::ratio_min, x};
}
inline bound value_max(double x) {
  return {bound::kind::value_max, x};
}
inline bound value_min(double x) {
  return {bound::kind::value_min, x};
}

/// One line of the table: the values of the hub's runs and, if it was measured,
/// of the relay's, measured in turn.
struct figure {
  std::string workload;
  std::string metric;
  std::string unit;
  std::optional<bound> must; ///< each release has to keep this bound
  std::optional<bound> goal; ///< the bound that we want to reach later
  std::vector<double> hub;
  std::vector<double> floor;

  /// The ratio of the medians; NaN if the relay was not measured.
  double ratio() const;
};

/// The machine and the build that were measured.
struct run_facts {
  std::string machine;
  int rounds = 0;
  bool quick = false;
  double load_before = 0; ///< load average of a minute
  double load_after = 0;
};

class report {
public:
  /// The figure of that name. The first call makes it.
  figure& at(const std::string& workload, const std::string& metric,
             const std::string& unit, std::optional<bound> must = {},
             std::optional<bound> goal = {});

  /// For --check: notes a count that is wrong.
  void wrong(std::string what) { wrong_.push_back(std::move(what)); }
  const std::vector<std::string>& wrong() const noexcept { return wrong_; }

  /// Notes what could not be measured here, and why. Each text once.
  void skipped(const std::string& what);
  const std::vector<std::string>& skipped() const noexcept { return skipped_; }

  /// Prints the lines from `first` on, with the heading if `first` is 0.
  void print(std::ostream& out, std::size_t first = 0) const;
  void write_json(std::ostream& out, const run_facts& facts) const;
  std::size_t size() const noexcept { return figures_.size(); }

private:
  std::deque<figure> figures_; // at() gives references that last
  std::vector<std::string> wrong_;
  std::vector<std::string> skipped_;
};

} // namespace clearance::bench
