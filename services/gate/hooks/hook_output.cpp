#include "services/gate/hooks/hook_output.hpp"

#include "protocol/gate/cgi.hpp"
#include "protocol/gate/limits.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace clearance::services {

namespace {

// -1: another server than the gate runs this hook.
int log_descriptor() {
  const char* value = std::getenv( // NOLINT(concurrency-mt-unsafe)
      std::string(protocol::hook_log_variable).c_str());
  const std::string_view text = value != nullptr ? value : "";
  int result = -1;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result > 2 ? result : -1;
}

// One write a line, so that lines of two hooks do not mix.
void write_line(int fd, std::string_view text) {
  auto line = std::string(
      text.substr(0, protocol::gate_limits::backend_log_line_max_bytes));
  line += '\n';
  // Nobody could be told that this has failed.
  [[maybe_unused]] const auto n = ::write(fd, line.data(), line.size());
}

} // namespace

void tell_client(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
}

void report_finding(const std::string& text) {
  // First the log: a write to the client may block.
  if (const auto fd = log_descriptor(); fd >= 0)
    write_line(fd, text);
  tell_client(text);
}

} // namespace clearance::services
