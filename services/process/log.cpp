#include "services/process/log.hpp"

#include "protocol/base/log_limits.hpp"
#include "protocol/text/text.hpp"
#include "services/process/log_writer.hpp"
#include "services/process/stderr_lines.hpp"
#include "services/process/systemd.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <poll.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace clearance::services {

namespace {

namespace log_limits = protocol::log_limits;
using actors::severity;

log_writer* writer = nullptr; // set once, valid until the process ends
bool stderr_is_journal = false;
bool writes_entries = false;

std::string_view word_of(severity x) {
  switch (x) {
  case severity::debug:
    return "debug";
  case severity::info:
    return "info";
  case severity::warning:
    return "warning";
  case severity::error:
    return "error";
  case severity::notice:
    break;
  }
  return "info";
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

/// How many bytes the escape at the start of `text` has, if it is one that
/// protocol::escaped() writes; else 0.
std::size_t escape_bytes(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  if (text.starts_with(R"(\\)"))
    return 2;
  bool coded = text.size() >= 4 && text.starts_with(R"(\x)")
               && hex.find(text[2]) != hex.npos
               && hex.find(text[3]) != hex.npos;
  return coded ? 4 : 0;
}

// Most values are escaped already. A value that is not must not end its quotes
// early. So every backslash begins an escape that ends before the next quote,
// and the first quote that has no backslash before it ends the value.
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

// A field's name in the journal. Two are names that readers of the journal know
// already; all others get the prefix TEROK_. Our names are words of a-z and
// `_`.
std::string journal_name(std::string_view key) {
  const bool is_known = key == "container" || key == "request_id";
  std::string result{is_known ? "" : "TEROK_"};
  for (char c : key)
    result += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

// `2026-01-31T23:59:59.123+0100 info `.
std::string stamp_of(severity level,
                     std::chrono::system_clock::time_point when) {
  using namespace std::chrono;
  const auto seconds = floor<std::chrono::seconds>(when);
  const auto time = system_clock::to_time_t(seconds);
  std::tm parts{};
  ::localtime_r(&time, &parts);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 16> zone{};
  std::strftime(zone.data(), zone.size(), "%z", &parts);
  const auto fraction = duration_cast<milliseconds>(when - seconds).count();
  auto digits = std::to_string(fraction);
  digits.insert(0, 3 - digits.size(), '0');
  return std::string{date.data()} + '.' + digits + zone.data() + ' '
         + std::string{word_of(level)} + ' ';
}

// Another process that shares the descriptor may have made it non-blocking.
bool write_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n >= 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      pollfd entry{fd, POLLOUT, 0};
      ::poll(&entry, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

class stderr_output final : public log_output {
public:
  bool write(const queued_line& x) override {
    if (!x.fields.empty() && systemd::write_to_journal(x.fields))
      return true;
    auto line = prefix_of(x.level);
    if (x.at && !stderr_is_journal)
      line += stamp_of(x.level, *x.at);
    line += x.text;
    line += '\n';
    return write_whole(STDERR_FILENO, line);
  }

  // A full pipe and a terminal that is stopped have no room.
  bool await_room(std::chrono::milliseconds max) override {
    pollfd entry{STDERR_FILENO, POLLOUT, 0};
    return ::poll(&entry, 1, static_cast<int>(max.count())) > 0;
  }
};

queued_line queued(const actors::log_entry& x) {
  queued_line result{x.level, std::chrono::system_clock::now(), log_line(x)};
  if (writes_entries)
    result.fields = journal_fields(x, program_invocation_short_name);
  return result;
}

void write(const actors::log_entry& x) try {
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
    writer->push(queued({severity::warning, "log",
                         "too many lines, some were left out", fields}));
  }
  writer->push(queued(x));
} catch (const std::bad_alloc&) {
  writer->count_lost(x.level);
}

queued_line last_line(const std::string& program, const std::string& what) {
  return {severity::error, std::nullopt, program + ": " + what};
}

std::string what_of(const std::exception_ptr& fault) try {
  if (!fault)
    return "unknown";
  std::rethrow_exception(fault);
} catch (const std::exception& e) {
  return protocol::escaped(e.what());
} catch (...) {
  return "unknown";
}

// The lines in the queue often say why. After a signal such as SIGSEGV this is
// not called, because nothing that locks or allocates may be called then: the
// lines that wait are lost.
[[noreturn]] void terminate() {
  static std::atomic<bool> again = false;
  if (!again.exchange(true))
    writer->flush_crashing(last_line(program_invocation_short_name,
                                     "ended by a fault of the program: "
                                         + what_of(std::current_exception())),
                           log_limits::flush_max);
  std::abort();
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
  const auto intervals = (now - filled_) / protocol::limits::log_interval;
  if (intervals <= 0)
    return;
  filled_ += intervals * protocol::limits::log_interval;
  const auto missing = protocol::limits::log_burst_max_lines - room_;
  const auto count = static_cast<std::size_t>(intervals);
  room_ += count > missing / protocol::limits::log_max_lines_in_all
               ? missing
               : count * protocol::limits::log_max_lines_in_all;
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
  if (writer == nullptr) {
    say_on_stderr(program, what);
    return;
  }
  writer->push(last_line(program, what));
  flush_log();
}

void log_to_stderr(log_level threshold) {
  if (writer == nullptr) {
    // Never freed: threads may log until the very end of the process.
    static auto& everlasting =
        *new log_writer(std::make_unique<stderr_output>());
    ::tzset(); // reads a file that the sandbox may hide
    stderr_is_journal =
        leads_to_journal(std::getenv("JOURNAL_STREAM"), // NOLINT(*-mt-unsafe)
                         STDERR_FILENO);
    writes_entries = stderr_is_journal && systemd::has_journal();
    writer = &everlasting;
    std::set_terminate(terminate);
  }
  actors::set_log_sink(write, threshold);
}

bool start_log_writer() {
  return writer->start();
}

void flush_log() {
  if (writer != nullptr)
    writer->flush(log_limits::flush_max);
}

} // namespace clearance::services
