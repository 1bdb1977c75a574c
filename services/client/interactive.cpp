#include "services/client/interactive.hpp"

#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace clearance::services {

bool is_interactive() {
  const char* term = std::getenv("TERM"); // NOLINT(concurrency-mt-unsafe)
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1
         && term != nullptr && *term != '\0'
         && std::string_view{term} != "dumb";
}

} // namespace clearance::services
