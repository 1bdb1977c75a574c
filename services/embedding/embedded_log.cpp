// Our actors log to one function pointer of the process. Here it leads to the
// application's function. The function is shared: a thread that is logging
// while the sink is replaced goes on with the old one.

#include "services/embedding/embedded_log.hpp"

#include "actors/base/log.hpp"
#include "services/embedding/clearance.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace clearance::embedding {

namespace {

struct sink_holder {
  std::mutex mutex;
  std::shared_ptr<const log_sink> sink;
  bool chosen = false;
};

// Never destroyed: a thread may log until the process ends.
sink_holder& holder() {
  static auto* const result = new sink_holder;
  return *result;
}

log_level level_of(actors::severity x) {
  switch (x) {
  case actors::severity::debug:
    return log_level::debug;
  case actors::severity::info:
    return log_level::info;
  case actors::severity::warning:
    return log_level::warning;
  case actors::severity::error:
    return log_level::error;
  case actors::severity::notice:
    break;
  }
  return log_level::notice;
}

actors::severity severity_of(log_level x) {
  switch (x) {
  case log_level::debug:
    return actors::severity::debug;
  case log_level::info:
    return actors::severity::info;
  case log_level::warning:
    return actors::severity::warning;
  case log_level::error:
    return actors::severity::error;
  case log_level::notice:
    break;
  }
  return actors::severity::notice;
}

void pass_on(const actors::log_entry& x) try {
  std::shared_ptr<const log_sink> sink;
  {
    const std::lock_guard guard{holder().mutex};
    sink = holder().sink;
  }
  if (!sink)
    return;
  log_entry entry{level_of(x.level), x.component, x.text, {}};
  entry.fields.reserve(x.fields.size());
  for (const auto& each : x.fields)
    entry.fields.emplace_back(each.key, each.value);
  (*sink)(entry);
} catch (...) {
  // The application's function failed, or there is no memory. The actor that
  // logs must go on.
}

void write_to_stderr(const log_entry& x) {
  const auto line = to_string(x) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void use(log_sink sink, log_level threshold) {
  holder().sink =
      sink ? std::make_shared<const log_sink>(std::move(sink)) : nullptr;
  holder().chosen = true;
  actors::set_log_sink(holder().sink ? pass_on : nullptr,
                       severity_of(threshold));
}

std::string shown(std::string_view value) {
  const auto plain = [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '=' && c != '\\';
  };
  if (std::all_of(value.begin(), value.end(), plain))
    return std::string{value};
  std::string result = "\"";
  for (const char c : value)
    result += c == '"' ? std::string{"\\\""} : std::string(1, c);
  return result + "\"";
}

} // namespace

void set_log_sink(log_sink sink, log_level threshold) {
  const std::lock_guard guard{holder().mutex};
  use(std::move(sink), threshold);
}

void log_to_stderr_by_default() {
  const std::lock_guard guard{holder().mutex};
  if (!holder().chosen)
    use(write_to_stderr, log_level::info);
}

std::string to_string(const log_entry& x) {
  auto result = std::string{x.component} + ": " + std::string{x.text};
  for (const auto& [key, value] : x.fields)
    if (!value.empty())
      result += ' ' + std::string{key} + '=' + shown(value);
  return result;
}

} // namespace clearance::embedding
