#include "test/bench/report.hpp"

#include "test/bench/statistics.hpp"
#include "test/support/wire/json.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>

namespace clearance::bench {

namespace {

std::string text(double x) {
  if (std::isnan(x))
    return "-";
  const auto digits = std::fabs(x) >= 1000 ? 0 : std::fabs(x) >= 10 ? 1 : 2;
  char buffer[64];
  std::snprintf(buffer, sizeof(buffer), "%.*f", digits, x);
  return buffer;
}

bool is_max(const bound& x) {
  return x.what == bound::kind::ratio_max || x.what == bound::kind::value_max;
}

bool is_ratio(const bound& x) {
  return x.what == bound::kind::ratio_max || x.what == bound::kind::ratio_min;
}

bool holds(const bound& x, const figure& y) {
  const auto value = is_ratio(x) ? y.ratio() : median(y.hub);
  return is_max(x) ? value <= x.limit : value >= x.limit;
}

// "ratio <= 2 yes"
std::string verdict(const std::optional<bound>& x, const figure& y) {
  if (!x)
    return "";
  return std::string(is_ratio(*x) ? "ratio " : "")
         + (is_max(*x) ? "<= " : ">= ") + text(x->limit)
         + (holds(*x, y) ? " yes" : " NO");
}

std::string json_number(double x) {
  if (std::isnan(x))
    return "null";
  char buffer[64];
  std::snprintf(buffer, sizeof(buffer), "%.6g", x);
  return buffer;
}

std::string json_numbers(const std::vector<double>& xs) {
  std::string result;
  for (auto x : xs)
    result += (result.empty() ? "" : ",") + json_number(x);
  return "[" + result + "]";
}

std::string json_bound(const std::optional<bound>& x, const figure& y) {
  if (!x)
    return "null";
  return std::string(R"({"of":")") + (is_ratio(*x) ? "ratio" : "hub")
         + R"(","is":")" + (is_max(*x) ? "<=" : ">=") + R"(","limit":)"
         + json_number(x->limit) + R"(,"holds":)"
         + (holds(*x, y) ? "true" : "false") + "}";
}

std::string json_figure(const figure& x) {
  return R"({"workload":)" + test::json_string(x.workload) + R"(,"metric":)"
         + test::json_string(x.metric) + R"(,"unit":)"
         + test::json_string(x.unit) + R"(,"hub":)" + json_number(median(x.hub))
         + R"(,"floor":)" + json_number(median(x.floor)) + R"(,"ratio":)"
         + json_number(x.ratio()) + R"(,"must":)" + json_bound(x.must, x)
         + R"(,"goal":)" + json_bound(x.goal, x) + R"(,"hub_runs":)"
         + json_numbers(x.hub) + R"(,"floor_runs":)" + json_numbers(x.floor)
         + "}";
}

} // namespace

double figure::ratio() const {
  return floor.empty() ? std::numeric_limits<double>::quiet_NaN()
                       : median(hub) / median(floor);
}

figure& report::at(const std::string& workload, const std::string& metric,
                   const std::string& unit, std::optional<bound> must,
                   std::optional<bound> goal) {
  const auto it =
      std::find_if(figures_.begin(), figures_.end(), [&](const figure& x) {
        return x.workload == workload && x.metric == metric;
      });
  if (it != figures_.end())
    return *it;
  return figures_.emplace_back(
      figure{workload, metric, unit, must, goal, {}, {}});
}

void report::skipped(const std::string& what) {
  if (std::find(skipped_.begin(), skipped_.end(), what) == skipped_.end())
    skipped_.push_back(what);
}

void report::print(std::ostream& out, std::size_t first) const {
  auto line = [&](const auto&... cells) {
    char buffer[512];
    std::snprintf(buffer, sizeof(buffer), "%-26s %-22s %10s %10s %7s  %-16s %s",
                  cells.c_str()...);
    std::string text{buffer};
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << "\n";
  };
  using s = std::string;
  if (first == 0)
    line(s{"workload"}, s{"metric"}, s{"hub"}, s{"floor"}, s{"ratio"},
         s{"must"}, s{"goal"});
  for (auto i = first; i < figures_.size(); ++i) {
    auto& x = figures_[i];
    line(x.workload, x.metric + (x.unit.empty() ? "" : ", " + x.unit),
         text(median(x.hub)), text(median(x.floor)), text(x.ratio()),
         verdict(x.must, x), verdict(x.goal, x));
  }
  out.flush();
}

void report::write_json(std::ostream& out, const run_facts& facts) const {
  const auto now = std::time(nullptr);
  char date[32];
  std::strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  out << R"({"version":)" << test::json_string(CLEARANCE_VERSION)
      << R"(,"machine":)" << test::json_string(facts.machine) << R"(,"date":")"
      << date << R"(","rounds":)" << facts.rounds << R"(,"quick":)"
      << (facts.quick ? "true" : "false") << R"(,"load_before":)"
      << json_number(facts.load_before) << R"(,"load_after":)"
      << json_number(facts.load_after) << ",\"figures\":[\n";
  for (std::size_t i = 0; i < figures_.size(); ++i)
    out << json_figure(figures_[i]) << (i + 1 < figures_.size() ? ",\n" : "\n");
  out << "]}\n";
}

} // namespace clearance::bench
