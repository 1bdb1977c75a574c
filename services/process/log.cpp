#include "services/process/log.hpp"

#include "protocol/text/text.hpp"
#include "services/process/systemd.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace clearance::services {

namespace {

namespace limits = protocol::limits;
using actors::severity;

spdlog::logger* target = nullptr;
bool stderr_is_journal = false;
bool writes_entries = false;

spdlog::level::level_enum level_of(severity x) {
  switch (x) {
  case severity::debug:
    return spdlog::level::debug;
  case severity::info:
    return spdlog::level::info;
  case severity::warning:
    return spdlog::level::warn;
  case severity::error:
    return spdlog::level::err;
  case severity::notice:
    break;
  }
  return spdlog::level::info;
}

// Syslog's numbers.
char priority_of(severity x) {
  switch (x) {
  case severity::debug:
    return '7';
  case severity::info:
    return '6';
  case severity::warning:
    return '4';
  case severity::error:
    return '3';
  case severity::notice:
    break;
  }
  return '5';
}

// How a line on stderr tells the journal its priority. Source: sd-daemon(3).
std::string prefix_of(severity x) {
  return stderr_is_journal ? std::string{'<', priority_of(x), '>'} : "";
}

/// The bytes of the escape that `text` starts with, as protocol::escaped()
/// writes them; 0: a backslash that is not one of its.
std::size_t escape_bytes(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  if (text.starts_with(R"(\\)"))
    return 2;
  bool coded = text.size() >= 4 && text.starts_with(R"(\x)")
               && hex.find(text[2]) != hex.npos
               && hex.find(text[3]) != hex.npos;
  return coded ? 4 : 0;
}

// Most values are escaped already; those that are not must not break out of
// their quotes either. So every backslash is the start of an escape that ends
// before the next quote: a quote ends the value where none stands before it.
void append_quoted(std::string& out, std::string_view value) {
  out += '"';
  while (!value.empty()) {
    auto bytes = escape_bytes(value);
    if (bytes > 0) {
      out += value.substr(0, bytes);
    } else {
      bytes = 1;
      out += value[0] == '"' ? R"(\")" : protocol::escaped(value.substr(0, 1));
    }
    value.remove_prefix(bytes);
  }
  out += '"';
}

bool stands_alone(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '=' && c != '\\';
  });
}

// A field's name in the journal: those that its readers know already, ours
// with our name before them. Ours are words of a-z and `_`.
std::string journal_name(std::string_view key) {
  const bool is_known = key == "container" || key == "request_id";
  std::string result{is_known ? "" : "TEROK_"};
  for (char c : key)
    result += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

void put(const actors::log_entry& x) {
  if (writes_entries
      && systemd::write_to_journal(
          journal_fields(x, program_invocation_short_name)))
    return;
  target->log(level_of(x.level), prefix_of(x.level) + log_line(x));
}

void write(const actors::log_entry& x) {
  static std::mutex mutex;
  static line_bound bound;
  std::optional<std::uint64_t> withheld;
  {
    const std::lock_guard guard{mutex};
    withheld = bound.admit(x.level, std::chrono::steady_clock::now());
  }
  if (!withheld)
    return;
  if (*withheld > 0) {
    const auto count = std::to_string(*withheld);
    const std::array fields{actors::log_field{"not_logged", count}};
    put({severity::warning, "log", "too many lines, some were left out",
         fields});
  }
  put(x);
}

} // namespace

std::optional<std::uint64_t>
line_bound::admit(severity level, protocol::time_point now) noexcept {
  if (level == severity::notice)
    return 0;
  const bool is_error = level == severity::error;
  if (!is_error)
    refill(now);
  if (is_error ? !errors_.allow(now) : room_ == 0) {
    withheld_ += is_error ? 0 : 1;
    return std::nullopt;
  }
  room_ -= is_error ? 0 : 1;
  return errors_.take_withheld() + std::exchange(withheld_, 0);
}

void line_bound::refill(protocol::time_point now) noexcept {
  const auto intervals = (now - filled_) / limits::log_interval;
  if (intervals <= 0)
    return;
  filled_ += intervals * limits::log_interval;
  const auto missing = limits::log_burst_max_lines - room_;
  const auto count = static_cast<std::size_t>(intervals);
  room_ += count > missing / limits::log_max_lines_in_all
               ? missing
               : count * limits::log_max_lines_in_all;
}

std::string log_line(const actors::log_entry& x) {
  std::string line{x.component};
  line += ": ";
  line += x.text;
  for (auto& field : x.fields) {
    if (field.value.empty())
      continue;
    line += ' ';
    line += field.key;
    line += '=';
    if (stands_alone(field.value))
      line += field.value;
    else
      append_quoted(line, field.value);
  }
  return line;
}

std::vector<std::string> journal_fields(const actors::log_entry& x,
                                        std::string_view identifier) {
  std::vector<std::string> result{
      std::string{"PRIORITY="} + priority_of(x.level),
      "MESSAGE=" + log_line(x),
      "SYSLOG_IDENTIFIER=" + std::string{identifier},
      "TEROK_COMPONENT=" + std::string{x.component},
  };
  for (auto& field : x.fields)
    if (!field.value.empty())
      result.push_back(journal_name(field.key) + '='
                       + std::string{field.value});
  return result;
}

bool leads_to_journal(const char* stream, int fd) {
  struct stat info;
  return stream != nullptr && ::fstat(fd, &info) == 0
         && stream
                == std::to_string(info.st_dev) + ":"
                       + std::to_string(info.st_ino);
}

void print_fault(const std::string& program, const std::string& what) {
  std::fprintf(stderr, "%s%s: %s\n", prefix_of(severity::error).c_str(),
               program.c_str(), what.c_str());
}

void log_to_stderr(log_level threshold) {
  // Never freed: threads may log until the very end of the process.
  static auto& logger = *new spdlog::logger(
      "stderr", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  stderr_is_journal =
      leads_to_journal(std::getenv("JOURNAL_STREAM"), // NOLINT(*-mt-unsafe)
                       STDERR_FILENO);
  writes_entries = stderr_is_journal && systemd::has_journal();
  logger.set_pattern(stderr_is_journal ? "%v" : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger.set_level(spdlog::level::debug);
  logger.flush_on(spdlog::level::debug);
  target = &logger;
  actors::set_log_sink(write, threshold);
}

} // namespace clearance::services
