/// Namespaces that have a file, such as those of `ip netns`.
#pragma once

#include <string>
#include <sys/types.h>
#include <variant>

namespace clearance::services {

/// The first process in the network namespace that the file `path` stands for:
/// of those that can be looked at, the one with the lowest number. Errors: one
/// line.
std::variant<pid_t, std::string> find_process_in(const std::string& path);

} // namespace clearance::services
