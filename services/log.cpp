#include "services/log.hpp"

#include "actors/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace clearance::services {

namespace {

using actors::severity;

spdlog::logger* target = nullptr;
bool journal = false;

bool stderr_is_journal() {
  auto told = std::getenv("JOURNAL_STREAM"); // NOLINT(concurrency-mt-unsafe)
  struct stat info;
  if (told == nullptr || ::fstat(STDERR_FILENO, &info) != 0)
    return false;
  return told
         == std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
}

spdlog::level::level_enum level_of(severity x) {
  switch (x) {
  case severity::debug:
    return spdlog::level::debug;
  case severity::info:
    return spdlog::level::info;
  case severity::warning:
    return spdlog::level::warn;
  case severity::error:
    break;
  }
  return spdlog::level::err;
}

// Syslog's numbers.
std::string_view priority_of(severity x) {
  switch (x) {
  case severity::debug:
    return "<7>";
  case severity::info:
    return "<6>";
  case severity::warning:
    return "<4>";
  case severity::error:
    break;
  }
  return "<3>";
}

severity severity_of(log_level x) {
  switch (x) {
  case log_level::debug:
    return severity::debug;
  case log_level::info:
    return severity::info;
  case log_level::warning:
    return severity::warning;
  case log_level::error:
    break;
  }
  return severity::error;
}

// component: text key=value key="two words"
void write(const actors::log_entry& x) {
  std::string line;
  if (journal)
    line += priority_of(x.level);
  line += x.component;
  line += ": ";
  line += x.text;
  for (auto& field : x.fields) {
    if (field.value.empty())
      continue;
    auto quoted = field.value.find(' ') != std::string_view::npos;
    line += ' ';
    line += field.key;
    line += quoted ? "=\"" : "=";
    line += field.value;
    line += quoted ? "\"" : "";
  }
  target->log(level_of(x.level), line);
}

} // namespace

void log_to_stderr(log_level threshold) {
  // Never freed: threads may log until the very end of the process.
  static auto& logger = *new spdlog::logger(
      "stderr", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  journal = stderr_is_journal();
  logger.set_pattern(journal ? "%v" : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger.set_level(spdlog::level::debug);
  logger.flush_on(spdlog::level::debug);
  target = &logger;
  actors::set_log_sink(write, severity_of(threshold));
}

} // namespace clearance::services
