/// Containers of podman and docker.
#pragma once

#include <string>
#include <sys/types.h>
#include <variant>

namespace clearance::services {

struct engine_container {
  pid_t pid = 0;  ///< of its first process
  std::string id; ///< the whole one
};

/// Asks `engine` (podman or docker) for the container `name`, within
/// guard_limits::engine_answer. Errors: one line.
std::variant<engine_container, std::string>
find_engine_container(const std::string& engine, const std::string& name);

} // namespace clearance::services
