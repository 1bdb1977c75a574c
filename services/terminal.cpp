#include "services/terminal.hpp"

#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace clearance::services {

namespace {

std::string_view variable(const char* name) {
  // The clients have one thread.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

} // namespace

bool wants_color(color_when when, int fd) {
  switch (when) {
  case color_when::always:
    return true;
  case color_when::never:
    return false;
  case color_when::automatic:
    break;
  }
  return isatty(fd) == 1 && variable("NO_COLOR").empty()
         && variable("TERM") != "dumb";
}

} // namespace clearance::services
