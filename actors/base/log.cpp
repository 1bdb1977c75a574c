#include "actors/base/log.hpp"

#include <atomic>

namespace clearance::actors {

namespace {

std::atomic<log_sink> current_sink = nullptr;
std::atomic<severity> current_threshold = severity::info;

} // namespace

void set_log_sink(log_sink sink, severity threshold) noexcept {
  current_threshold = threshold;
  current_sink = sink;
}

bool logs(severity level) noexcept {
  return current_sink.load(std::memory_order_relaxed) != nullptr
         && level >= current_threshold.load(std::memory_order_relaxed);
}

void log(severity level, std::string_view component, std::string_view text,
         std::span<const log_field> fields) {
  if (logs(level))
    current_sink.load()({level, component, text, fields});
}

void log(severity level, std::string_view component, std::string_view text,
         std::initializer_list<log_field> fields) {
  log(level, component, text,
      std::span<const log_field>{fields.begin(), fields.size()});
}

} // namespace clearance::actors
