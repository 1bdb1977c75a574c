/// Counters as Prometheus reads them. Source: operator.md, section 6, and
/// "Exposition formats" of the documentation of Prometheus, text format 0.0.4.
#pragma once

#include "protocol/metrics/counter.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

enum class metric_type : std::uint8_t { counter, gauge, histogram };

/// One sample: where its value comes from, and what it is called.
struct metric {
  std::string_view part; ///< of the counter
  std::string_view name; ///< of the counter
  std::string_view family;
  metric_type type = metric_type::counter;
  std::string_view help;
  /// of a histogram: "_bucket", "_sum" or "_count"; else empty
  std::string_view suffix = {};
  /// Enumerations of ours alone: nothing that a peer chose. May be empty.
  std::string_view labels = {};
  bool is_microseconds = false; ///< it is shown in seconds
  /// The largest of several counters is shown, not their sum.
  bool is_largest = false;
};

/// All samples there are; those of a family stand together.
std::span<const metric> all_metrics() noexcept;

/// Whether the counter goes up only. False for one that no metric shows.
bool only_goes_up(const counter& x) noexcept;

/// What the field Content-Type of such a text says.
inline constexpr std::string_view prometheus_content_type =
    "text/plain; version=0.0.4; charset=utf-8";

struct metric_sample {
  const metric* what = nullptr; ///< one of all_metrics()
  std::uint64_t value = 0;      ///< as it was counted
};

/// The samples whose counters are in `values`, in the order of all_metrics().
/// Counters that are there several times are added up, unless
/// metric::is_largest.
std::vector<metric_sample> samples_of(std::span<const counter> values);

/// Samples as text, each family with its help and type.
std::string text_of_samples(std::span<const metric_sample> samples);

/// text_of_samples() of samples_of() these.
std::string prometheus_text(std::span<const counter> values);

/// "counter", "gauge" or "histogram".
std::string_view to_string(metric_type x) noexcept;

} // namespace clearance::protocol
