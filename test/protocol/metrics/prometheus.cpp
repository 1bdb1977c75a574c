#include "protocol/metrics/prometheus.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <utility>

namespace prometheus_tests {

using namespace clearance::protocol;

namespace {

bool is_name(std::string_view x) {
  return !x.empty() && std::all_of(x.begin(), x.end(), [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
  });
}

// `name="value"`, separated by commas; values of letters, digits and a few
// signs.
bool are_labels(std::string_view x) {
  if (x.empty())
    return true;
  for (;;) {
    const auto equals = x.find("=\"");
    if (equals == x.npos || !is_name(x.substr(0, equals)))
      return false;
    const auto end = x.find('"', equals + 2);
    if (end == x.npos || end == equals + 2)
      return false;
    const auto value = x.substr(equals + 2, end - equals - 2);
    if (!std::all_of(value.begin(), value.end(), [](unsigned char c) {
          return std::isalnum(c) != 0 || c == '_' || c == '+';
        }))
      return false;
    if (end + 1 == x.size())
      return true;
    if (x[end + 1] != ',')
      return false;
    x.remove_prefix(end + 2);
  }
}

} // namespace

TEST_CASE("the names and labels of all metrics are well-formed") {
  for (const auto& x : all_metrics()) {
    CAPTURE(x.family);
    CAPTURE(x.labels);
    CHECK(is_name(x.family));
    CHECK((x.family.starts_with("terok_clearance_")
           || x.family.starts_with("terok_gate_")));
    CHECK(x.family.ends_with("_total") == (x.type == metric_type::counter));
    CHECK(x.is_microseconds
          == (x.family.find("_seconds") != x.family.npos
              && x.suffix != "_bucket" && x.suffix != "_count"));
    CHECK(are_labels(x.labels));
    CHECK(x.suffix.empty() == (x.type != metric_type::histogram));
    CHECK(x.help.ends_with('.'));
    CHECK(x.help.find_first_of("\n\\") == x.help.npos);
  }
}

TEST_CASE("no two metrics are the same sample, and families stand together") {
  std::set<std::pair<std::string, std::string_view>> samples;
  std::set<std::string_view> ended;
  std::string_view family;
  for (const auto& x : all_metrics()) {
    CAPTURE(x.family);
    CHECK(
        samples.emplace(std::string{x.family} + std::string{x.suffix}, x.labels)
            .second);
    if (x.family != family)
      CHECK(ended.insert(x.family).second);
    family = x.family;
  }
  for (const auto& x : all_metrics())
    for (const auto& y : all_metrics())
      if (x.family == y.family) {
        CHECK(x.type == y.type);
        CHECK(x.help == y.help);
      }
}

TEST_CASE("a text has the samples that there are values for") {
  CHECK(prometheus_text({}).empty());
  const counter_list values{{"registry", "verdicts_refused", 3},
                            {"registry", "subscribers", 2},
                            {"registry", "verdicts_applied", 1}};
  CHECK(prometheus_text(values)
        == "# HELP terok_clearance_subscribers Clients that follow events.\n"
           "# TYPE terok_clearance_subscribers gauge\n"
           "terok_clearance_subscribers 2\n"
           "# HELP terok_clearance_verdicts_total Verdicts, by what became of "
           "them.\n"
           "# TYPE terok_clearance_verdicts_total counter\n"
           "terok_clearance_verdicts_total{result=\"applied\"} 1\n"
           "terok_clearance_verdicts_total{result=\"refused\"} 3\n");
}

TEST_CASE("what no metric shows is left out") {
  CHECK(prometheus_text(counter_list{{"registry", "no such counter", 1},
                                     {"ingester", "events", 2}})
            .empty());
}

TEST_CASE("the counters of several hubs are added up") {
  const counter_list values{
      {"registry", "events", 5}, {"registry", "events", 7}, {"gate", "left", 1},
      {"gate", "left", 0},       {"registry", "events", 0},
  };
  const auto text = prometheus_text(values);
  CHECK(text.find("terok_clearance_events_total 12\n") != text.npos);
  CHECK(text.find("terok_gate_requests_total{status=\"none\"} 1\n")
        != text.npos);
}

TEST_CASE("of the oldest prompts the oldest one is shown") {
  const counter_list values{
      {"prompts", "oldest_waiting_microseconds", 5},
      {"prompts", "oldest_waiting_microseconds", 61'000'007},
      {"prompts", "oldest_waiting_microseconds", 0}};
  CHECK(prometheus_text(values).find(
            "terok_clearance_prompts_waiting_oldest_seconds 61.000007\n")
        != std::string::npos);
}

TEST_CASE("a histogram has buckets, a sum in seconds and a count") {
  const counter_list values{
      {"prompts", "decided_within_1_s", 1},
      {"prompts", "decided_within_10_s", 2},
      {"prompts", "decided_within_60_s", 2},
      {"prompts", "decided_within_600_s", 2},
      {"prompts", "decided_within_3600_s", 3},
      {"prompts", "decided", 4},
      {"prompts", "waited_microseconds", 3'999'999'999},
  };
  const auto text = prometheus_text(values);
  const std::string family = "terok_clearance_decision_seconds";
  CHECK(text.substr(text.find("# TYPE"))
        == "# TYPE " + family + " histogram\n" + family
               + "_bucket{le=\"1\"} 1\n" + family + "_bucket{le=\"10\"} 2\n"
               + family + "_bucket{le=\"60\"} 2\n" + family
               + "_bucket{le=\"600\"} 2\n" + family + "_bucket{le=\"3600\"} 3\n"
               + family + "_bucket{le=\"+Inf\"} 4\n" + family
               + "_sum 3999.999999\n" + family + "_count 4\n");
}

TEST_CASE("counters go up only, and gauges do not") {
  CHECK(only_goes_up({"registry", "events", 0}));
  CHECK(only_goes_up({"prompts", "decided_within_1_s", 0}));
  CHECK_FALSE(only_goes_up({"registry", "subscribers", 0}));
  CHECK_FALSE(only_goes_up({"registry", "nothing", 0}));
}

} // namespace prometheus_tests
